// Numbers out of untrusted bytes: every read is checked, what lies beyond the end reads as zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace lrfind::data {

class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> data, bool big_endian = true) : data_(data), big_endian_(big_endian) {}

  std::size_t size() const { return data_.size(); }
  bool has(std::uint64_t at, std::uint64_t count) const { return at <= size() && count <= size() - at; }
  std::uint8_t u8(std::uint64_t at) const {
    return at < size() ? data_[static_cast<std::size_t>(at)] : std::uint8_t{0};
  }
  std::uint16_t u16(std::uint64_t at) const { return static_cast<std::uint16_t>(number(at, 2)); }
  std::uint32_t u32(std::uint64_t at) const { return static_cast<std::uint32_t>(number(at, 4)); }
  std::uint64_t u64(std::uint64_t at) const { return number(at, 8); }
  bool starts_with(std::string_view text, std::uint64_t at = 0) const {
    return has(at, text.size()) && std::memcmp(data_.data() + at, text.data(), text.size()) == 0;
  }
  /// The rest from `at`, at most `count` bytes.
  std::span<const std::uint8_t> part(std::uint64_t at, std::uint64_t count) const {
    if (at >= size()) return {};
    const std::uint64_t left = size() - at;
    return data_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(count < left ? count : left));
  }

 private:
  std::uint64_t number(std::uint64_t at, unsigned count) const {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i) {
      value = value << 8U | u8(at + (big_endian_ ? i : count - 1 - i));
    }
    return value;
  }

  std::span<const std::uint8_t> data_;
  bool big_endian_;
};

}  // namespace lrfind::data
