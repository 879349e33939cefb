#include "experiment/exec_protocol.hpp"

#include "platform/excerpt.hpp"
#include "platform/text.hpp"
#include "report/foreign_curve.hpp"

#include <lrfind/error.hpp>

#include <cmath>

namespace lrfind::experiment {

namespace {

using report::Json;

constexpr const char* protocol_name = "lrfind/exec/1";

std::string dump(const Json& value) { return excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace)); }

// The line as an object. `did` begins the sentence: "answered".
Json parse_object(std::string_view line, const std::string& did, const std::string& wanted) {
  Json json;
  try {
    json = report::parse_foreign_json(line, "line");
  } catch (const Error&) {
    throw model_error(did + " with \"" + visible(excerpt(line)) + "\", which is not JSON; " + wanted + " is expected");
  }
  if (!json.is_object()) throw model_error(did + " with " + dump(json) + "; " + wanted + " is expected");
  return json;
}

// A value that was said: neither missing nor null.
const Json* find(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

[[noreturn]] void refuse(const Json& value, const char* key, const std::string& did, const std::string& wanted) {
  throw model_error(did + " with \"" + key + "\": " + dump(value) + "; it takes " + wanted);
}

std::string text(const Json& json, const char* key) {
  const Json* value = find(json, key);
  if (value == nullptr) return "";
  if (!value->is_string()) refuse(*value, key, "said hello", "text");
  return value->get<std::string>();
}

std::int64_t count(const Json& json, const char* key, double largest = 9e15) {
  const Json* value = find(json, key);
  if (value == nullptr) return 0;
  const double number = value->is_number() ? value->get<double>() : -1;
  if (!(number >= 1 && number <= largest) || std::trunc(number) != number) {
    refuse(*value, key, "said hello", "a whole number from 1 to " + Json(static_cast<std::int64_t>(largest)).dump());
  }
  return static_cast<std::int64_t>(number);
}

// parse_foreign_json leaves an empty text for NaN and Infinity.
bool is_number(const Json& value) {
  return value.is_number() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

double measurement(const Json& json, const char* key) {
  const Json* value = find(json, key);
  if (value == nullptr) return Measurement::none;
  if (!is_number(*value)) refuse(*value, key, "answered", "a number or null");
  return value->is_number() ? value->get<double>() : Measurement::none;
}

// "torch.optim.AdamW" is adamw.
std::string plain_name(const std::string& name) { return lower_case(name.substr(name.rfind('.') + 1)); }

}  // namespace

Hello parse_hello(std::string_view line) {
  const std::string did = "said hello";
  Hello hello;
  hello.as_said = parse_object(line, did, R"({"optimizer": "sgd", "momentum": 0.9, "resets": false})");
  const Json& json = hello.as_said;
  if (json.contains("loss")) {
    throw model_error(
        "began with a loss, not with a hello such as {\"optimizer\": \"sgd\", \"momentum\": 0.9}; {} will do");
  }
  if (const Json* protocol = find(json, "protocol"); protocol != nullptr && *protocol != protocol_name) {
    refuse(*protocol, "protocol", did, std::string("\"") + protocol_name + "\"");
  }
  hello.optimizer = plain_name(text(json, "optimizer"));
  hello.model = text(json, "model");
  hello.device = text(json, "device");
  hello.batch_size = count(json, "batch_size", INT32_MAX);
  hello.parameters = count(json, "parameters");
  hello.classes = count(json, "classes");
  hello.train_samples = count(json, "train_samples");
  if (const Json* momentum = find(json, "momentum")) {
    const double value = momentum->is_number() ? momentum->get<double>() : -1;
    if (!(value >= 0 && value < 1)) refuse(*momentum, "momentum", did, "a number from 0 to just below 1");
    hello.momentum = value;
  }
  if (const Json* resets = find(json, "resets")) {
    if (!resets->is_boolean()) refuse(*resets, "resets", did, "true or false");
    hello.resets = resets->get<bool>();
  }
  return hello;
}

Measurement parse_answer(std::string_view line, int step) {
  const Json json = parse_object(line, "answered", R"({"loss": 2.3})");
  if (!json.contains("loss")) {
    throw model_error("answered with " + dump(json) + ", which has no \"loss\"; {\"loss\": 2.3} is expected");
  }
  if (const Json* answered = find(json, "step"); answered != nullptr && *answered != step) {
    refuse(*answered, "step", "answered", std::to_string(step) + ", the step that was asked for");
  }
  Measurement measured;
  measured.loss = measurement(json, "loss");
  measured.alignment_of_previous = measurement(json, "alignment");
  measured.gain_ratio = measurement(json, "gain_ratio");
  measured.probe_loss = measurement(json, "probe_loss");
  measured.val_loss = measurement(json, "val_loss");
  measured.val_accuracy = measurement(json, "val_accuracy");
  if (measured.val_accuracy < 0 || measured.val_accuracy > 1) {
    refuse(json["val_accuracy"], "val_accuracy", "answered", "a number from 0 to 1");
  }
  return measured;
}

std::string step_message(const StepToTake& step) {
  const Json json = {
      {"trial", step.trial}, {"seed", step.seed}, {"step", step.step}, {"steps", step.steps}, {"lr", step.lr}};
  return json.dump() + "\n";
}

std::string reset_message(std::uint64_t seed) { return Json{{"reset", seed}}.dump() + "\n"; }

std::string done_message() { return "{\"done\":true}\n"; }

}  // namespace lrfind::experiment
