// What a wheel would need GCC 12's libstdc++ for and GCC 11's has too, under an older version: RHEL 9 and its like have
// that one. GCC 12 gave std::condition_variable::wait a new version for `noexcept` alone. The linker (--wrap,
// CMakeLists.txt) takes this function for it.
#include <condition_variable>
#include <mutex>

extern "C" {
void lrfind_wait_of_gcc_4_4(std::condition_variable* condition, std::unique_lock<std::mutex>& lock);
__asm__(".symver lrfind_wait_of_gcc_4_4, _ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE@GLIBCXX_3.4.11");

void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(  // NOLINT: the linker's name
    std::condition_variable* condition, std::unique_lock<std::mutex>& lock);

void __wrap__ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE(  // NOLINT
    std::condition_variable* condition, std::unique_lock<std::mutex>& lock) {
  lrfind_wait_of_gcc_4_4(condition, lock);
}
}
