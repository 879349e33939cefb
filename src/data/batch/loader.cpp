#include <data/batch/loader.hpp>
#include <lrfind/error.hpp>
#include "platform/interrupted.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <data/batch/check.hpp>
#include <data/batch/order.hpp>

#include <sys/resource.h>
#include <unistd.h>

namespace lrfind::data {

namespace {

// A batch that is being made. Slots are handed out in chunks; everything but the slots' own bytes is under the mutex.
struct Assembly {
  Batch batch;
  std::uint64_t first_position = 0;    // of the stream
  bool from_stream = true;             // substitutes and augmentation; otherwise unreadable images are left out
  std::vector<std::uint8_t> left_out;  // per slot
  std::vector<std::uint32_t> touched;  // images that were fetched
  int claimed = 0;
  int done = 0;
  std::exception_ptr failure;
  bool ready() const { return done == batch.size; }
};

// The calling thread runs where cores are free: one that takes a core from a training step stops the step's other
// threads, too, as they wait for each other. Five steps of niceness, so that other programs do not starve it.
void give_way() {
  constexpr int steps = 5;
  const auto self = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + steps);
}

constexpr int most_substitutes = 1000;

}  // namespace

class Loader::Implementation {
 public:
  Implementation(const Dataset& dataset, Split split, LoaderOptions options, std::shared_ptr<ImageStore> store)
      : split_(split),
        options_(std::move(options)),
        store_(store ? std::move(store)
                     : std::make_shared<ImageStore>(dataset, StoreOptions{.shape = options_.shape,
                                                                          .resize = options_.resize,
                                                                          .cache_bytes = options_.cache_bytes})),
        stream_(store_->samples(split_).size(), std::move(options_.indices), options_.seed),
        pool_(std::make_shared<Batch::Pool>()) {
    if (options_.batch_size < 1) throw std::invalid_argument("the batch size must be at least 1");
    const unsigned pieces = 4 * std::max(1U, options_.workers);
    chunk_ = std::clamp(options_.batch_size / static_cast<int>(pieces), 1, 16);
    for (unsigned i = 0; i < options_.workers; ++i) workers_.emplace_back([this] { work(); });
  }

  ~Implementation() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_workers_.notify_all();
    workers_.clear();
  }

  Batch next() {
    if (stream_.images() == 0) throw data_error("there are no images to make batches of");
    const std::uint64_t wanted = delivered_ + 1;
    std::uint64_t until = wanted;
    if (options_.workers != 0) until += static_cast<std::uint64_t>(std::max(0, options_.prefetch));
    if (options_.batches != 0) until = std::max(wanted, std::min(until, options_.batches));
    for (; started_ < until; ++started_) {
      auto assembly = stream_assembly(started_);
      const std::lock_guard lock(mutex_);
      queue_.push_back(assembly);
      ahead_.push_back(std::move(assembly));
      wake_workers_.notify_all();
    }
    const auto assembly = ahead_.front();
    finish(assembly);
    ahead_.pop_front();
    ++delivered_;
    Batch batch = deliver(*assembly);
    if (options_.max_unreadable < 1 && store_->unreadable_used() != 0) {
      const std::size_t total = store_->samples(Split::train).size() + store_->samples(Split::val).size();
      const std::size_t used = store_->images_used();
      require_readable(store_->unreadable(), used, options_.max_unreadable, used == total);
    }
    return batch;
  }

  Batch load(std::span<const std::uint32_t> indices) {
    auto assembly = std::make_shared<Assembly>();
    assembly->from_stream = false;
    prepare(*assembly, static_cast<int>(indices.size()));
    for (const std::uint32_t i : indices) {
      if (i >= store_->samples(split_).size()) {
        throw std::invalid_argument("an image of index " + std::to_string(i) + " does not exist");
      }
    }
    std::copy(indices.begin(), indices.end(), assembly->batch.indices.begin());
    if (!indices.empty()) {
      const std::lock_guard lock(mutex_);
      queue_.push_front(assembly);
      wake_workers_.notify_all();
    }
    finish(assembly);
    assembly->batch.leave_out(assembly->left_out);
    return deliver(*assembly);
  }

  const std::shared_ptr<ImageStore>& store() const { return store_; }

 private:
  void prepare(Assembly& assembly, int size) {
    assembly.batch = pool_->take();
    const bool later = assembly.from_stream && options_.augment_later;
    assembly.batch.resize(size, store_->shape(), later ? options_.augmentations.size() : 0);
    assembly.left_out.assign(static_cast<std::size_t>(size), 0);
  }

  std::shared_ptr<Assembly> stream_assembly(std::uint64_t number) {
    auto assembly = std::make_shared<Assembly>();
    prepare(*assembly, options_.batch_size);
    assembly->first_position = number * static_cast<std::uint64_t>(options_.batch_size);
    for (int slot = 0; slot < options_.batch_size; ++slot) {
      const std::uint64_t position = assembly->first_position + static_cast<std::uint64_t>(slot);
      assembly->batch.indices[static_cast<std::size_t>(slot)] = stream_.image_at(position);
    }
    return assembly;
  }

  // Makes one image of a batch. Runs without the mutex: a slot belongs to the thread that claimed it.
  void fill(Assembly& assembly, int slot, std::vector<std::uint32_t>& touched) {
    const auto place = static_cast<std::size_t>(slot);
    const std::size_t bytes = store_->shape().bytes();
    std::uint8_t* to = assembly.batch.pixels.data() + place * bytes;
    const std::uint64_t position = assembly.first_position + place;
    std::uint32_t image = assembly.batch.indices[place];
    touched.push_back(image);
    const std::uint8_t* pixels = store_->fetch(split_, image, to);
    if (pixels == nullptr && !assembly.from_stream) {
      assembly.left_out[place] = 1;
      return;
    }
    if (pixels == nullptr) {
      Random random = stream_.substitutes_at(position);
      for (int tried = 0; pixels == nullptr; ++tried) {
        if (stopping_) throw Interrupted();
        if (tried == most_substitutes) throw data_error("too few images are readable");
        image = stream_.draw(random);
        touched.push_back(image);
        pixels = store_->fetch(split_, image, to);
      }
    }
    if (pixels != to) std::memcpy(to, pixels, bytes);
    if (assembly.from_stream && !options_.augmentations.empty()) {
      Random random = stream_.augmentation_at(position);
      if (options_.augment_later) {
        auto* params = &assembly.batch.augmentations[place * options_.augmentations.size()];
        for (const Augmentation kind : options_.augmentations) *params++ = draw(kind, store_->shape(), random);
      } else {
        augment(options_.augmentations, to, store_->shape(), random);
      }
    }
    assembly.batch.indices[place] = image;
    assembly.batch.labels[place] = store_->samples(split_).label(image);
  }

  // Claims and makes one chunk; returns false when there was none. The lock is held on entry and on return.
  bool work_on(const std::shared_ptr<Assembly>& assembly, std::unique_lock<std::mutex>& lock) {
    const int first = assembly->claimed;
    const int last = std::min(assembly->batch.size, first + chunk_);
    assembly->claimed = last;
    if (last == assembly->batch.size) std::erase(queue_, assembly);
    if (first == last) return false;
    lock.unlock();
    std::exception_ptr failure;
    std::vector<std::uint32_t> touched;
    touched.reserve(static_cast<std::size_t>(chunk_));
    try {
      for (int slot = first; slot < last; ++slot) {
        if (stopping_ || (std::this_thread::get_id() == caller_ && asked_to_stop())) throw Interrupted();
        fill(*assembly, slot, touched);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    assembly->touched.insert(assembly->touched.end(), touched.begin(), touched.end());
    if (failure && !assembly->failure) assembly->failure = failure;
    assembly->done += last - first;
    if (assembly->ready()) batch_ready_.notify_all();
    return true;
  }

  void work() {
    give_way();
    std::unique_lock lock(mutex_);
    while (true) {
      wake_workers_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      const auto assembly = queue_.front();
      work_on(assembly, lock);
    }
  }

  bool asked_to_stop() const { return options_.stop.stop_requested(); }

  // Returns when the batch is made; throws what its making threw.
  void finish(const std::shared_ptr<Assembly>& assembly) {
    std::unique_lock lock(mutex_);
    if (stopping_) throw Interrupted();
    if (options_.workers == 0) {
      caller_ = std::this_thread::get_id();
      while (!assembly->ready()) work_on(assembly, lock);
    }
    while (!assembly->ready()) {
      lock.unlock();
      const bool stop = asked_to_stop();
      lock.lock();
      if (stop) {
        // What is queued would only keep the workers busy; this loader is of no use any more.
        stopping_ = true;
        wake_workers_.notify_all();
        throw Interrupted();
      }
      batch_ready_.wait_for(lock, std::chrono::milliseconds(20), [&] { return assembly->ready(); });
    }
    lock.unlock();
    if (!assembly->failure) return;
    store_->mark_used(split_, assembly->touched);
    try {
      std::rethrow_exception(assembly->failure);
    } catch (const Error&) {
      require_readable(store_->unreadable(), store_->images_used(), options_.max_unreadable, true);
      throw;
    }
  }

  Batch deliver(Assembly& assembly) {
    store_->mark_used(split_, assembly.touched);
    assembly.batch.pool = pool_;
    return std::move(assembly.batch);
  }

  Split split_;
  LoaderOptions options_;
  std::shared_ptr<ImageStore> store_;
  Stream stream_;  // image_at() of the calling thread alone
  std::shared_ptr<Batch::Pool> pool_;
  int chunk_ = 1;
  // Of the calling thread alone.
  std::uint64_t started_ = 0;
  std::uint64_t delivered_ = 0;
  std::deque<std::shared_ptr<Assembly>> ahead_;
  std::thread::id caller_;  // set only when there are no workers
  // Shared.
  std::mutex mutex_;
  std::condition_variable wake_workers_;
  std::condition_variable batch_ready_;
  std::deque<std::shared_ptr<Assembly>> queue_;  // with chunks to claim
  std::atomic<bool> stopping_{false};
  std::vector<std::jthread> workers_;  // last, so that they end first
};

Loader::Loader(const Dataset& dataset, Split split, LoaderOptions options, std::shared_ptr<ImageStore> store)
    : implementation_(std::make_unique<Implementation>(dataset, split, std::move(options), std::move(store))) {}
Loader::~Loader() = default;
Batch Loader::next() { return implementation_->next(); }
Batch Loader::load(std::span<const std::uint32_t> indices) { return implementation_->load(indices); }
const std::shared_ptr<ImageStore>& Loader::store() const { return implementation_->store(); }

}  // namespace lrfind::data
