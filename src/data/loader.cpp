#include <data/loader.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include <data/check.hpp>

#include <sys/resource.h>
#include <unistd.h>

namespace lrfind::data {

struct Batch::Pool {
  std::mutex mutex;
  std::vector<Batch> batches;  // without a pool of their own

  Batch take() {
    const std::lock_guard lock(mutex);
    if (batches.empty()) return {};
    Batch batch = std::move(batches.back());
    batches.pop_back();
    return batch;
  }
  void give(Batch batch) {
    const std::lock_guard lock(mutex);
    batches.push_back(std::move(batch));
  }
};

Batch::~Batch() {
  if (!pool) return;
  try {
    const std::shared_ptr<Pool> owner = std::move(pool);
    owner->give(std::move(*this));
  } catch (const std::bad_alloc&) {  // then the buffers are freed as usual
  }
}

Batch& Batch::operator=(Batch&& other) noexcept {
  if (this == &other) return *this;
  Batch old(std::move(*this));  // returns the buffers held so far
  size = other.size;
  shape = other.shape;
  pixels = std::move(other.pixels);
  labels = std::move(other.labels);
  indices = std::move(other.indices);
  changes = std::move(other.changes);
  pool = std::move(other.pool);
  return *this;
}

namespace {

using Clock = std::chrono::steady_clock;

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

// Salts of the seed.
constexpr std::uint64_t order_salt = 11;
constexpr std::uint64_t substitute_salt = 12;
constexpr std::uint64_t augment_salt = 13;

constexpr int most_substitutes = 1000;

}  // namespace

Permutation stream_order(std::uint32_t images, std::uint64_t seed, std::uint64_t epoch) {
  return {images, seed_of(seed, order_salt, epoch)};
}

class Loader::Implementation {
 public:
  Implementation(const Dataset& dataset, Split split, LoaderOptions options, std::shared_ptr<ImageStore> store)
      : split_(split),
        options_(std::move(options)),
        store_(store ? std::move(store)
                     : std::make_shared<ImageStore>(
                           dataset, StoreOptions{options_.shape, options_.resize, options_.cache_bytes})),
        pool_(std::make_shared<Batch::Pool>()) {
    if (options_.batch_size < 1) throw std::invalid_argument("the batch size must be at least 1");
    const std::size_t all = store_->samples(split_).size();
    for (const std::uint32_t i : options_.indices) {
      if (i >= all) throw std::invalid_argument("an image of index " + std::to_string(i) + " does not exist");
    }
    images_ = static_cast<std::uint32_t>(options_.indices.empty() ? all : options_.indices.size());
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
    if (images_ == 0) throw DataError("there are no images to make batches of");
    const auto start = Clock::now();
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
    waited_s_ += std::chrono::duration<double>(Clock::now() - start).count();
    return batch;
  }

  Batch load(std::span<const std::uint32_t> indices) {
    const auto start = Clock::now();
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
    close_gaps(*assembly);
    Batch batch = deliver(*assembly);
    waited_s_ += std::chrono::duration<double>(Clock::now() - start).count();
    return batch;
  }

  double waited_s() const { return waited_s_; }
  const std::shared_ptr<ImageStore>& store() const { return store_; }

 private:
  void prepare(Assembly& assembly, int size) {
    assembly.batch = pool_->take();
    assembly.batch.size = size;
    assembly.batch.shape = store_->shape();
    const auto slots = static_cast<std::size_t>(size);
    assembly.batch.pixels.resize(slots * store_->shape().bytes());
    assembly.batch.labels.resize(slots);
    assembly.batch.indices.resize(slots);
    const bool later = assembly.from_stream && options_.augment_later;
    assembly.batch.changes.resize(later ? slots * options_.augmentations.size() : 0);
    assembly.left_out.assign(slots, 0);
  }

  std::shared_ptr<Assembly> stream_assembly(std::uint64_t number) {
    auto assembly = std::make_shared<Assembly>();
    prepare(*assembly, options_.batch_size);
    assembly->first_position = number * static_cast<std::uint64_t>(options_.batch_size);
    for (int slot = 0; slot < options_.batch_size; ++slot) {
      const std::uint64_t position = assembly->first_position + static_cast<std::uint64_t>(slot);
      assembly->batch.indices[static_cast<std::size_t>(slot)] = image_at(position);
    }
    return assembly;
  }

  std::uint32_t drawn(std::uint32_t i) const { return options_.indices.empty() ? i : options_.indices[i]; }

  std::uint32_t image_at(std::uint64_t position) {
    const std::uint64_t epoch = position / images_;
    if (!order_ || epoch != epoch_) {
      order_.emplace(stream_order(images_, options_.seed, epoch));
      epoch_ = epoch;
    }
    return drawn((*order_)[static_cast<std::uint32_t>(position % images_)]);
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
      Random random(seed_of(options_.seed, substitute_salt, position));
      for (int tried = 0; pixels == nullptr; ++tried) {
        if (stopping_) throw Interrupted();
        if (tried == most_substitutes) throw DataError("too few images are readable");
        image = drawn(random.below(images_));
        touched.push_back(image);
        pixels = store_->fetch(split_, image, to);
      }
    }
    if (pixels != to) std::memcpy(to, pixels, bytes);
    if (assembly.from_stream && !options_.augmentations.empty()) {
      Random random(seed_of(options_.seed, augment_salt, position));
      if (options_.augment_later) {
        auto* change = &assembly.batch.changes[place * options_.augmentations.size()];
        for (const Augmentation kind : options_.augmentations) *change++ = draw(kind, store_->shape(), random);
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

  bool asked_to_stop() const { return options_.should_stop && options_.should_stop(); }

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
    } catch (const DataError&) {
      require_readable(store_->unreadable(), store_->images_used(), options_.max_unreadable, true);
      throw;
    }
  }

  void close_gaps(Assembly& assembly) {
    Batch& batch = assembly.batch;
    const std::size_t bytes = batch.shape.bytes();
    std::size_t kept = 0;
    for (std::size_t slot = 0; slot < static_cast<std::size_t>(batch.size); ++slot) {
      if (assembly.left_out[slot] != 0) continue;
      if (kept != slot) {
        std::memcpy(batch.pixels.data() + kept * bytes, batch.pixels.data() + slot * bytes, bytes);
        batch.labels[kept] = batch.labels[slot];
        batch.indices[kept] = batch.indices[slot];
      }
      ++kept;
    }
    batch.size = static_cast<int>(kept);
    batch.pixels.resize(kept * bytes);
    batch.labels.resize(kept);
    batch.indices.resize(kept);
  }

  Batch deliver(Assembly& assembly) {
    store_->mark_used(split_, assembly.touched);
    assembly.batch.pool = pool_;
    return std::move(assembly.batch);
  }

  Split split_;
  LoaderOptions options_;
  std::shared_ptr<ImageStore> store_;
  std::shared_ptr<Batch::Pool> pool_;
  std::uint32_t images_ = 0;
  int chunk_ = 1;
  // Of the calling thread alone.
  std::optional<Permutation> order_;
  std::uint64_t epoch_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t delivered_ = 0;
  double waited_s_ = 0;
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
double Loader::waited_s() const { return implementation_->waited_s(); }
const std::shared_ptr<ImageStore>& Loader::store() const { return implementation_->store(); }

}  // namespace lrfind::data
