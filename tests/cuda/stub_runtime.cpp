// A CUDA runtime, driver and cuBLAS without a device, preloaded by without_device_test.py: memory is the host's,
// kernels do nothing, everything is done at once. What was called is counted, and what CUDA forbids while a stream
// captures is refused (CUDA Runtime API 13, "Stream Management", capture modes). So everything of the program that runs
// on the host when it trains on a GPU runs where there is none: the order of calls, what waits, what is recorded; no
// numbers.
//
// In the environment: STUB_COUNTS, a file for "count name" lines; STUB_REFUSES_CAPTURE, no stream can capture;
// STUB_MEMORY, bytes of the device.
#include <cuda_runtime_api.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace {

constexpr long replays_behind = 4, most_queries = 100;
constexpr std::size_t usual_memory = std::size_t{8} << 30U;

std::mutex mutex;
std::map<void*, std::size_t> allocations;
std::size_t allocated = 0;
struct Event {
  long replay = -replays_behind;  // before which it was recorded
  long queries = 0;
};
std::map<cudaEvent_t, Event> events;
long replays = 0;
std::atomic<std::uintptr_t> last_handle{0x1000};
std::atomic<cudaStream_t> capturing{nullptr};
unsigned long long captures = 0;
std::atomic<bool> capture_failed = false;
std::size_t captured_nodes = 0;
thread_local cudaStreamCaptureMode mode_of_thread = cudaStreamCaptureModeGlobal;
thread_local cudaError_t last_error = cudaSuccess;

class Counts {
 public:
  void add(const std::string& name) {
    const std::lock_guard lock(mutex_);
    ++counts_[name];
  }
  ~Counts() {
    const char* path = std::getenv("STUB_COUNTS");
    std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "w");
    if (file == nullptr) return;
    for (const auto& [name, count] : counts_) std::fprintf(file, "%ld %s\n", count, name.c_str());
    std::fclose(file);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, long> counts_;
};
Counts counts;

std::size_t device_memory() {
  const char* text = std::getenv("STUB_MEMORY");
  return text == nullptr ? usual_memory : std::strtoull(text, nullptr, 10);
}

cudaError_t fail(cudaError_t error) { return last_error = error; }

template <typename Handle>
cudaError_t make(Handle* handle) {
  *handle = reinterpret_cast<Handle>(last_handle += 16);
  return cudaSuccess;
}

// A call that is forbidden to every thread while any stream captures, unless the thread has said that it knows.
cudaError_t unsafe(const char* name) {
  counts.add(name);
  const bool forbidden = capturing.load() != nullptr && mode_of_thread != cudaStreamCaptureModeRelaxed;
  if (!forbidden) return cudaSuccess;
  capture_failed = true;
  counts.add("forbidden while capturing");
  return fail(cudaErrorStreamCaptureUnsupported);
}

// Work for a stream; whether it is to be done now.
bool queued(const std::string& name, cudaStream_t stream) {
  const bool captured = stream != nullptr && stream == capturing.load();
  counts.add(captured ? "captured " + name : name);
  if (captured) ++captured_nodes;
  return !captured;
}

const char* copy_name(cudaMemcpyKind kind) {
  return kind == cudaMemcpyHostToDevice   ? "copy to the device"
         : kind == cudaMemcpyDeviceToHost ? "copy to the host"
                                          : "copy on the device";
}

cudaError_t launch(cudaStream_t stream) {
  queued("kernel", stream);
  return cudaSuccess;
}

}  // namespace

extern "C" {

// The device.
cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
cudaError_t cudaGetDevice(int* device) { return *device = 0, cudaSuccess; }
cudaError_t cudaSetDevice(int) { return cudaSuccess; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  static const std::map<cudaDeviceAttr, int> values = {{cudaDevAttrMaxThreadsPerBlock, 1024},
                                                       {cudaDevAttrMaxGridDimX, 2147483647},
                                                       {cudaDevAttrMaxGridDimY, 65535},
                                                       {cudaDevAttrMaxSharedMemoryPerBlock, 49152},
                                                       {cudaDevAttrWarpSize, 32},
                                                       {cudaDevAttrMultiProcessorCount, 132},
                                                       {cudaDevAttrComputeCapabilityMajor, 9},
                                                       {cudaDevAttrComputeCapabilityMinor, 0},
                                                       {cudaDevAttrMaxThreadsPerMultiProcessor, 2048}};
  const auto found = values.find(attribute);
  return *value = found == values.end() ? 1 : found->second, cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int) {
  *p = {};
  std::strcpy(p->name, "stub");
  p->totalGlobalMem = device_memory();
  p->sharedMemPerBlock = 49152;
  p->regsPerBlock = p->regsPerMultiprocessor = 65536;
  p->warpSize = 32;
  p->maxThreadsPerBlock = p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
  p->maxThreadsDim[2] = 64;
  p->maxGridSize[0] = 2147483647;
  p->maxGridSize[1] = p->maxGridSize[2] = 65535;
  p->major = 9;
  p->multiProcessorCount = 132;
  p->maxThreadsPerMultiProcessor = 2048;
  p->sharedMemPerMultiprocessor = p->sharedMemPerBlockOptin = 232448;
  p->maxBlocksPerMultiProcessor = 32;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}
cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) { return *can = 0, cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return unsafe("wait for the device"); }
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }
const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory"
         : error == cudaSuccess             ? "no error"
                                            : "operation not permitted when stream is capturing";
}
const char* cudaGetErrorName(cudaError_t error) { return error == cudaSuccess ? "cudaSuccess" : "cudaError"; }

// Memory.
cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  if (const auto error = unsafe("allocation on the device")) return error;
  const std::lock_guard lock(mutex);
  if (allocated + bytes > device_memory()) return fail(cudaErrorMemoryAllocation);
  *memory = std::aligned_alloc(512, (bytes + 511) / 512 * 512);
  std::memset(*memory, 0, bytes);
  allocations[*memory] = bytes;
  allocated += bytes;
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  if (const auto error = unsafe("freeing on the device")) return error;
  const std::lock_guard lock(mutex);
  if (memory != nullptr) allocated -= std::exchange(allocations[memory], 0);
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  *memory = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  return unsafe("allocation of page-locked memory");
}
cudaError_t cudaFreeHost(void* memory) { return std::free(memory), cudaSuccess; }
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const std::lock_guard lock(mutex);
  *total = device_memory();
  *free = *total - allocated;
  return cudaSuccess;
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  *attributes = {};
  const std::lock_guard lock(mutex);
  const auto above = allocations.upper_bound(const_cast<void*>(pointer));
  const bool on_device = above != allocations.begin() && [&] {
    const auto& [begin, bytes] = *std::prev(above);
    return static_cast<const char*>(pointer) < static_cast<const char*>(begin) + bytes;
  }();
  attributes->type = on_device ? cudaMemoryTypeDevice : cudaMemoryTypeHost;
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  // A copy on the device is as good as a kernel: what it would copy was computed by none.
  if (queued(copy_name(kind), stream) && kind != cudaMemcpyDeviceToDevice) std::memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind) {
  if (const auto error = unsafe("copy that waits")) return error;
  return std::memcpy(to, from, bytes), cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  if (queued("memset", stream)) std::memset(to, value, bytes);
  return cudaSuccess;
}

// Kernels.
void** __cudaRegisterFatBinary(void*) {
  static std::array<void*, 4> handle;
  return handle.data();
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char*, char*, const char*, int, uint3*, uint3*, dim3*, dim3*, int*) {}
void __cudaRegisterVar(void**, char*, char*, const char*, int, std::size_t, int, int) {}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void*) { return make(kernel); }
cudaError_t __cudaLaunchKernel(cudaKernel_t, dim3, dim3, void**, std::size_t, cudaStream_t stream) {
  return launch(stream);
}
cudaError_t cudaLaunchKernel(const void*, dim3, dim3, void**, std::size_t, cudaStream_t stream) {
  return launch(stream);
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void*, void**) {
  return launch(config->stream);
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
  *attributes = {};
  attributes->maxThreadsPerBlock = 1024;
  attributes->ptxVersion = attributes->binaryVersion = 90;
  return cudaSuccess;
}
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return cudaSuccess; }
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void*, int, std::size_t,
                                                                   unsigned) {
  return *blocks = 2, cudaSuccess;
}

// Streams and events.
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) { return make(stream); }
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const auto error = unsafe("wait for a stream");
  return stream != nullptr && stream == capturing.load() ? fail(cudaErrorStreamCaptureUnsupported) : error;
}
cudaError_t cudaStreamQuery(cudaStream_t) { return unsafe("query of a stream"); }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return make(event); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const std::lock_guard lock(mutex);
  events.erase(event);
  return cudaSuccess;
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t, unsigned) {
  const std::lock_guard lock(mutex);
  events[event] = {replays, 0};
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, 0);
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (const auto error = unsafe("query of an event")) return error;
  const std::lock_guard lock(mutex);
  auto& state = events[event];
  if (replays >= state.replay + replays_behind || ++state.queries == most_queries) return cudaSuccess;
  counts.add("query too early");
  return fail(cudaErrorNotReady);
}
cudaError_t cudaEventSynchronize(cudaEvent_t) { return unsafe("wait for an event"); }

// Graphs.
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const bool captures = stream != nullptr && stream == capturing.load();
  return *status = captures ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone, cudaSuccess;
}
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id,
                                     cudaGraph_t* graph, const cudaGraphNode_t** nodes, const cudaGraphEdgeData** edges,
                                     std::size_t* count) {
  if (id != nullptr) *id = captures;
  if (graph != nullptr) *graph = nullptr;
  if (nodes != nullptr) *nodes = nullptr;
  if (edges != nullptr) *edges = nullptr;
  if (count != nullptr) *count = 0;
  return cudaStreamIsCapturing(stream, status);
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr || std::getenv("STUB_REFUSES_CAPTURE") != nullptr) return fail(cudaErrorNotSupported);
  counts.add("capture");
  captured_nodes = 0;
  capture_failed = false;
  ++captures;
  capturing = stream;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  capturing = nullptr;
  if (capture_failed) return fail(cudaErrorStreamCaptureInvalidated);
  return make(graph);
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  return std::swap(*mode, mode_of_thread), cudaSuccess;
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t, unsigned long long) {
  return make(executable);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t, unsigned long long) {
  return make(executable);
}
cudaError_t cudaGraphGetNodes(cudaGraph_t, cudaGraphNode_t*, std::size_t* count) {
  return *count = captured_nodes, cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t) {
  counts.add("replay");
  const std::lock_guard lock(mutex);
  ++replays;
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t) { return cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t) { return cudaSuccess; }

// The driver, whose name this library has: asked for functions by name, and linked by libcaffe2_nvrtc.
static int success() { return 0; }
cudaError_t cudaGetDriverEntryPointByVersion(const char*, void** function, unsigned, unsigned long long,
                                             cudaDriverEntryPointQueryResult* result) {
  *function = reinterpret_cast<void*>(success);
  if (result != nullptr) *result = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}
int cuDevicePrimaryCtxGetState(int, unsigned* flags, int* active) { return *flags = 0, *active = 1, 0; }
#define LRFIND_SUCCEEDS(name) \
  int name() { return 0; }
LRFIND_SUCCEEDS(cuCtxGetCurrent)
LRFIND_SUCCEEDS(cuCtxSetCurrent)
LRFIND_SUCCEEDS(cuDeviceGet)
LRFIND_SUCCEEDS(cuDeviceGetAttribute)
LRFIND_SUCCEEDS(cuDevicePrimaryCtxRetain)
LRFIND_SUCCEEDS(cuFuncGetAttribute)
LRFIND_SUCCEEDS(cuFuncSetAttribute)
LRFIND_SUCCEEDS(cuFuncSetCacheConfig)
LRFIND_SUCCEEDS(cuGetErrorString)
LRFIND_SUCCEEDS(cuLaunchCooperativeKernel)
LRFIND_SUCCEEDS(cuLaunchKernel)
LRFIND_SUCCEEDS(cuLinkAddData_v2)
LRFIND_SUCCEEDS(cuLinkComplete)
LRFIND_SUCCEEDS(cuLinkCreate_v2)
LRFIND_SUCCEEDS(cuModuleGetFunction)
LRFIND_SUCCEEDS(cuModuleLoad)
LRFIND_SUCCEEDS(cuModuleLoadData)
LRFIND_SUCCEEDS(cuModuleLoadDataEx)
LRFIND_SUCCEEDS(cuModuleUnload)
LRFIND_SUCCEEDS(cuOccupancyMaxActiveBlocksPerMultiprocessor)
LRFIND_SUCCEEDS(cuPointerGetAttribute)
LRFIND_SUCCEEDS(cuTensorMapEncodeTiled)

// What the built-in networks call of cuBLAS.
LRFIND_SUCCEEDS(cublasCreate_v2)
LRFIND_SUCCEEDS(cublasDestroy_v2)
LRFIND_SUCCEEDS(cublasGemmEx)
LRFIND_SUCCEEDS(cublasGetMathMode)
LRFIND_SUCCEEDS(cublasSetMathMode)
LRFIND_SUCCEEDS(cublasSetStream_v2)
LRFIND_SUCCEEDS(cublasSetWorkspace_v2)
LRFIND_SUCCEEDS(cublasSgemm_v2)
LRFIND_SUCCEEDS(cublasLtMatmulAlgoGetHeuristic)
LRFIND_SUCCEEDS(cublasLtMatmulDescCreate)
LRFIND_SUCCEEDS(cublasLtMatmulDescDestroy)
LRFIND_SUCCEEDS(cublasLtMatmulDescSetAttribute)
LRFIND_SUCCEEDS(cublasLtMatmulPreferenceCreate)
LRFIND_SUCCEEDS(cublasLtMatmulPreferenceDestroy)
LRFIND_SUCCEEDS(cublasLtMatmulPreferenceSetAttribute)
LRFIND_SUCCEEDS(cublasLtMatrixLayoutCreate)
LRFIND_SUCCEEDS(cublasLtMatrixLayoutDestroy)
LRFIND_SUCCEEDS(cublasLtMatrixLayoutSetAttribute)

}  // extern "C"

// cuDNN stays unused: LibTorch's own convolutions are of kernels and cuBLAS alone.
namespace at {
class Context {
 public:
  bool userEnabledCuDNN() const;
};
bool Context::userEnabledCuDNN() const { return false; }
}  // namespace at
