// What JavaScript calls: arguments into operations, MPI's error codes back.
#include <dlfcn.h>
#include <napi.h>

#include "arguments.h"
#include "device_arguments.h"
#include "element_type.h"
#include "mpi_error.h"
#include "recording.h"
#include "watch.h"

namespace graticule {
namespace {

/** In place of an MPI error, and of a request, where check mode found that ranks began different operations. */
constexpr int kMismatch = -1;
constexpr int kNoRequest = 0;

bool checking = false;
uint32_t nextHandle = 0;  // the world's
std::string mismatchText;
MPI_Status lastStatus;
int lastElementType = 0;
napi_threadsafe_function completions = nullptr;

int result(const Outcome& outcome) {
  lastStatus = outcome.status;
  lastElementType = outcome.elementType;
  return outcome.result;
}

/** Begins an operation on a device's memory. NCCL may wait for other ranks in there, so that the deadline runs. */
std::unique_ptr<DeviceWork> beginWatched(Napi::Env env, Communicator& communicator, Operation& operation,
                                         const Buffers& buffers, int device) {
  watch().enter(communicator, operation);
  try {
    auto work = beginOnDevice(env, communicator, operation, buffers, device);
    watch().leave();
    return work;
  } catch (...) {
    watch().leave();
    throw;
  }
}

/**
 * run(kind, communicator, count, elementType, reduction, peer, tag, input, output, counts, blocking, device): an MPI error
 * code if blocking; otherwise the id of the request, from 1, or minus the error code. `device` is −1 for host memory.
 */
Napi::Value run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Communicator& communicator = communicatorOf(info, 1);
  auto [operation, buffers, bytes] = operationOf(info, communicator);
  bool blocking = true;
  napi_get_value_bool(env, info[10], &blocking);
  const auto device = static_cast<int>(integer(info, 11));
  operation.onDevice = device >= 0 ? 1 : 0;
  if (device >= 0) checkOnDevice(env, communicator, operation, buffers, device);

  watch().begin(communicator, operation);
  if (communicator.checks != MPI_COMM_NULL && operation.isCollective()) {
    mismatchText.clear();
    watch().enter(communicator, operation);
    const int code = exchange(communicator, operation, mismatchText);
    watch().leave();
    if (code != MPI_SUCCESS) return Napi::Number::New(env, blocking ? code : -code);
    if (!mismatchText.empty()) return Napi::Number::New(env, blocking ? kMismatch : kNoRequest);
  }
  if (blocking && device < 0) {
    Outcome outcome;
    outcome.elementType = operation.elementType;
    const auto start = Clock::now();
    watch().enter(communicator, operation);
    outcome.result = beginOperation(operation, buffers, communicator.comm, nullptr, &outcome.status);
    watch().leave();
    if (timeline().isRecording()) timeline().add({operation, communicator.name, bytes, start, Clock::now(), start});
    return Napi::Number::New(env, result(outcome));
  }
  auto pending = std::make_unique<Pending>();
  pending->operation = operation;
  pending->communicator = &communicator;
  pending->buffers = std::move(buffers);
  pending->bytes = bytes;
  pending->start = Clock::now();
  if (device >= 0) {
    pending->work = beginWatched(env, communicator, operation, pending->buffers, device);
    const uint32_t id = watch().add(std::move(pending));
    return Napi::Number::New(env, blocking ? result(*watch().wait(id)) : static_cast<double>(id));
  }
  const int code = beginOperation(operation, pending->buffers, communicator.comm, &pending->request, nullptr);
  if (code != MPI_SUCCESS) return Napi::Number::New(env, -code);
  return Napi::Number::New(env, watch().add(std::move(pending)));
}

Napi::Value test(const Napi::CallbackInfo& info) {
  const auto outcome = watch().takeDone(static_cast<uint32_t>(integer(info, 0)));
  if (!outcome) return info.Env().Null();
  return Napi::Number::New(info.Env(), result(*outcome));
}

Napi::Value wait(const Napi::CallbackInfo& info) {
  const auto outcome = watch().wait(static_cast<uint32_t>(integer(info, 0)));
  if (!outcome) throw Napi::Error::New(info.Env(), "mpi: the request is done");
  return Napi::Number::New(info.Env(), result(*outcome));
}

/** JavaScript awaits a request from now on: its deadline runs. */
Napi::Value expect(const Napi::CallbackInfo& info) {
  watch().expect(static_cast<uint32_t>(integer(info, 0)));
  return info.Env().Undefined();
}

/** Whether Node goes on running for the sake of requests that are awaited. */
Napi::Value keepRunning(const Napi::CallbackInfo& info) {
  if (info[0].ToBoolean())
    napi_ref_threadsafe_function(info.Env(), completions);
  else
    napi_unref_threadsafe_function(info.Env(), completions);
  return info.Env().Undefined();
}

/** Elements of the last message received. */
Napi::Value receivedCount(const Napi::CallbackInfo& info) {
  int count = 0;
  MPI_Get_count(&lastStatus, mpiType(lastElementType), &count);
  return Napi::Number::New(info.Env(), count);
}

Napi::Value errorText(const Napi::CallbackInfo& info) {
  const auto code = static_cast<int>(integer(info, 0));
  return Napi::String::New(info.Env(), code == kMismatch ? mismatchText : mpiErrorText(code));
}

Napi::Value describe(Napi::Env env, const Communicator& communicator, uint32_t handle) {
  auto described = Napi::Object::New(env);
  described.Set("handle", handle);
  described.Set("name", communicator.name);
  described.Set("rank", communicator.rank);
  described.Set("size", communicator.size);
  return described;
}

/** An error code, or the new communicator described; null where this rank is in none. */
Napi::Value takeOver(Napi::Env env, int code, MPI_Comm comm, const std::string& name) {
  std::unique_ptr<Communicator> made;
  if (code == MPI_SUCCESS && comm == MPI_COMM_NULL) return env.Null();
  if (code == MPI_SUCCESS) code = adopt(comm, name, checking, made);
  if (code != MPI_SUCCESS) return Napi::Number::New(env, code);
  const uint32_t handle = nextHandle++;
  const auto described = describe(env, *made, handle);
  watch().addCommunicator(std::move(made), handle);
  return described;
}

/** split(communicator, color | -1, key, name) and dup(communicator, name). */
Napi::Value derive(const Napi::CallbackInfo& info) {
  Communicator& parent = communicatorOf(info, 0);
  const auto color = static_cast<int>(integer(info, 1));
  const auto key = static_cast<int>(integer(info, 2));
  const bool duplicate = info[4].ToBoolean();
  Operation operation;
  operation.kind = duplicate ? kDuplicate : kSplit;
  watch().begin(parent, operation);
  watch().enter(parent, operation);
  mismatchText.clear();
  int code = MPI_SUCCESS;
  MPI_Comm comm = MPI_COMM_NULL;
  if (parent.checks != MPI_COMM_NULL) code = exchange(parent, operation, mismatchText);
  if (code == MPI_SUCCESS && !mismatchText.empty()) code = kMismatch;
  if (code == MPI_SUCCESS)
    code = duplicate ? MPI_Comm_dup(parent.comm, &comm)
                     : MPI_Comm_split(parent.comm, color < 0 ? MPI_UNDEFINED : color, key, &comm);
  const auto made = takeOver(info.Env(), code, comm, info[3].ToString());
  watch().leave();
  return made;
}

/** openDevicePath(communicator, device, wanted): in words, or −1 where check mode found ranks that do something else. */
Napi::Value openDevicePath(const Napi::CallbackInfo& info) {
  mismatchText.clear();
  const auto description = openPath(info, mismatchText);
  return mismatchText.empty() ? description : Napi::Number::New(info.Env(), kMismatch);
}

Napi::Value freeCommunicator(const Napi::CallbackInfo& info) {
  const auto communicator = watch().removeCommunicator(static_cast<uint32_t>(integer(info, 0)));
  if (!communicator) return Napi::Boolean::New(info.Env(), false);
  release(*communicator);
  return Napi::Boolean::New(info.Env(), true);
}

/** Without exceptions of C++, which nobody catches here: an environment that is being freed refuses the call. */
void callCompleted(napi_env env, napi_value callback, void*, void* data) {
  if (env == nullptr) return;
  napi_value receiver;
  napi_value id;
  const auto number = static_cast<double>(reinterpret_cast<uintptr_t>(data));
  if (napi_get_undefined(env, &receiver) != napi_ok || napi_create_double(env, number, &id) != napi_ok) return;
  napi_call_function(env, receiver, callback, 1, &id, nullptr);
}

/** open(timeoutSeconds, check, completed): the world described, or the thread level that MPI gives, if too low. */
Napi::Value open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double timeout = info[0].ToNumber();
  checking = info[1].ToBoolean();
  int provided = 0;
  const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
  if (code != MPI_SUCCESS) throw Napi::Error::New(env, "mpi: MPI_Init_thread failed with code " + std::to_string(code));
  if (provided < MPI_THREAD_MULTIPLE) {
    MPI_Finalize();
    return Napi::Number::New(env, provided);
  }
  makeHalfOps();
  MPI_Comm control;
  MPI_Comm_dup(MPI_COMM_WORLD, &control);
  MPI_Comm_set_errhandler(control, MPI_ERRORS_RETURN);
  napi_create_threadsafe_function(env, info[2], nullptr, Napi::String::New(env, "graticule_mpi"), 0, 1, nullptr,
                                  nullptr, nullptr, &callCompleted, &completions);
  napi_unref_threadsafe_function(env, completions);
  const auto world = takeOver(env, MPI_SUCCESS, MPI_COMM_WORLD, "world");
  watch().start(control, std::chrono::duration<double>(timeout), [](uint32_t id) {
    napi_call_threadsafe_function(completions, reinterpret_cast<void*>(static_cast<uintptr_t>(id)),
                                  napi_tsfn_nonblocking);
  });
  return world;
}

/** Waits for all ranks to close, then ends MPI. */
Napi::Value close(const Napi::CallbackInfo& info) {
  watch().stop();
  freeHalfOps();
  MPI_Finalize();
  return info.Env().Undefined();
}

Napi::Value abort(const Napi::CallbackInfo& info) {
  abortJob(info[0].ToString(), static_cast<int>(integer(info, 1)));
}

Napi::Value libraryVersion(const Napi::CallbackInfo& info) {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  return Napi::String::New(info.Env(), text);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  // The thread that watches goes on while Node takes its environment down.
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&checking), &self) != 0) dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
  exports.Set("open", Napi::Function::New<open>(env));
  exports.Set("close", Napi::Function::New<close>(env));
  exports.Set("abort", Napi::Function::New<abort>(env));
  exports.Set("run", Napi::Function::New<run>(env));
  exports.Set("test", Napi::Function::New<test>(env));
  exports.Set("wait", Napi::Function::New<wait>(env));
  exports.Set("expect", Napi::Function::New<expect>(env));
  exports.Set("keepRunning", Napi::Function::New<keepRunning>(env));
  exports.Set("receivedCount", Napi::Function::New<receivedCount>(env));
  exports.Set("errorText", Napi::Function::New<errorText>(env));
  exports.Set("derive", Napi::Function::New<derive>(env));
  exports.Set("free", Napi::Function::New<freeCommunicator>(env));
  exports.Set("openDeviceRuntime", Napi::Function::New<openRuntime>(env));
  exports.Set("openDevicePath", Napi::Function::New<openDevicePath>(env));
  exports.Set("startRecording", Napi::Function::New<startRecording>(env));
  exports.Set("stopRecording", Napi::Function::New<stopRecording>(env));
  exports.Set("libraryVersion", Napi::Function::New<libraryVersion>(env));
  return exports;
}

}  // namespace
}  // namespace graticule

static Napi::Object initializeModule(Napi::Env env, Napi::Object exports) {
  return graticule::initialize(env, exports);
}

NODE_API_MODULE(graticule_mpi, initializeModule)
