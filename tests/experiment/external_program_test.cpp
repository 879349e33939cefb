// What a training program says and prints, and one that is run for real.
#include "experiment/external_program.hpp"

#include <lrfind/error.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace lrfind::experiment {
namespace {

template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model);
    return error.what();
  }
  return "nothing was refused";
}

TEST(ExecProtocol, TakesWhatAProgramSaysOfItself) {
  const Hello hello = parse_hello(
      R"({"optimizer": "torch.optim.AdamW", "momentum": null, "batch_size": 64, "resets": true, "mine": [1, 2]})");
  EXPECT_EQ(hello.optimizer, "adamw");
  EXPECT_FALSE(hello.momentum);
  EXPECT_EQ(hello.batch_size, 64);
  EXPECT_TRUE(hello.resets);
  const Hello nothing = parse_hello("{}");
  EXPECT_EQ(nothing.optimizer, "");
  EXPECT_FALSE(nothing.resets);
}

TEST(ExecProtocol, TakesALossThatIsNotFinite) {
  EXPECT_EQ(parse_answer(R"({"loss": 2.5, "alignment": -0.5})", 0).loss, 2.5);
  EXPECT_EQ(parse_answer(R"({"loss": 2.5, "alignment": -0.5})", 0).alignment_of_previous, -0.5);
  for (const char* line : {R"({"loss": NaN})", R"({"loss": -Infinity})", R"({"loss": null})"}) {
    EXPECT_TRUE(std::isnan(parse_answer(line, 0).loss)) << line;
  }
}

TEST(ExecProtocol, SaysWhatIsWrongWithALine) {
  EXPECT_NE(refusal([] { parse_hello("\x1b[31mhello"); }).find(R"(\x1b[31mhello", which is not JSON)"),
            std::string::npos);
  EXPECT_NE(refusal([] { parse_hello(R"({"momentum": 1})"); }).find("from 0 to just below 1"), std::string::npos);
  EXPECT_NE(refusal([] { parse_answer(R"({"loss": "2.5"})", 0); }).find(R"("loss": "2.5"; it takes a number)"),
            std::string::npos);
  EXPECT_NE(refusal([] { parse_answer("[2.5]", 0); }).find(R"({"loss": 2.3} is expected)"), std::string::npos);
}

TEST(ExecProtocol, RefusesAnAnswerToAnotherStep) {
  EXPECT_EQ(parse_answer(R"({"step": 7, "loss": 2.5})", 7).loss, 2.5);
  EXPECT_NE(refusal([] { parse_answer(R"({"step": 6, "loss": 2.5})", 7); }).find(R"("step": 6; it takes 7)"),
            std::string::npos);
}

TEST(ExecProtocol, WritesRatesThatReadBackAsTheyWere) {
  const auto message = report::Json::parse(step_message({.trial = 1, .seed = 7, .step = 2, .steps = 9, .lr = 0.1 / 3}));
  EXPECT_EQ(message["lr"].get<double>(), 0.1 / 3);
  EXPECT_EQ(message["seed"], 7);
  EXPECT_EQ(report::Json::parse(reset_message(5))["reset"], 5);
  EXPECT_EQ(report::Json::parse(done_message())["done"], true);
}

TEST(LastLines, AreKeptWithEscapesVisibleAndProgressBarsAtTheirEnd) {
  std::vector<std::string> shown;
  LastLines lines([&](std::string_view line) { shown.emplace_back(line); });
  for (int i = 0; i < 20; ++i) lines.add("line " + std::to_string(i) + "\r\n");
  lines.add("10 %\r50 ");
  lines.add("%\r100 %\nlast\x1b[0m");
  lines.finish();
  ASSERT_EQ(shown.size(), 22U);
  EXPECT_EQ(shown[20], "100 %");
  EXPECT_EQ(lines.text(), "line 16 | line 17 | line 18 | line 19 | 100 % | last\\x1b[0m");
}

ExternalSettings program(const std::string& body) {
  ExternalSettings settings;
  settings.command = {"/usr/bin/python3", "-c",
                      "import json, os, socket\n"
                      "line = socket.socket(socket.AF_UNIX)\n"
                      "line.connect(os.environ['LRFIND_SOCKET'])\n"
                      "file = line.makefile('rw')\n"
                      "def say(text): print(text, file=file, flush=True)\n" +
                          body};
  settings.start_timeout = settings.step_timeout = 60;
  return settings;
}

class Program : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/bin/python3")) GTEST_SKIP() << "needs /usr/bin/python3";
  }
};

TEST_F(Program, IsToldRatesAndAnswers) {
  ExternalProgram external(program("say('{\"resets\": true}')\n"
                                   "for text in file:\n"
                                   "  message = json.loads(text)\n"
                                   "  if 'lr' in message: say(json.dumps({'loss': message['lr'] * 2}))\n"
                                   "  if 'done' in message: break\n"),
                           3, {}, {});
  EXPECT_TRUE(external.hello().resets);
  EXPECT_EQ(external.step({.trial = 0, .seed = 3, .step = 0, .steps = 2, .lr = 0.25}).loss, 0.5);
  external.reset(4);
  EXPECT_EQ(external.step({.trial = 1, .seed = 4, .step = 0, .steps = 2, .lr = 0.5}).loss, 1);
  external.finish();
}

TEST_F(Program, ThatDiesIsQuoted) {
  ExternalProgram external(program("say('{}')\nfile.readline()\nraise SystemExit('no more batches')\n"), 3, {}, {});
  const std::string sentence = refusal([&] { external.step({.steps = 2, .lr = 0.25}); });
  EXPECT_NE(sentence.find("ended with status 1 at step 0"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("no more batches"), std::string::npos) << sentence;
}

TEST_F(Program, IsNotWaitedForOnceAStopIsRequested) {
  std::stop_source source;
  ExternalProgram external(program("say('{}')\nimport time\ntime.sleep(1000)\n"), 3, source.get_token(), {});
  source.request_stop();
  EXPECT_THROW(external.step({.steps = 2, .lr = 0.25}), StepInterrupted);
}

}  // namespace
}  // namespace lrfind::experiment
