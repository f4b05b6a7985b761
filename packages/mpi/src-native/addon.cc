// What JavaScript calls: arguments into operations, MPI's error codes back.
#include <dlfcn.h>
#include <napi.h>

#include "element_type.h"
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
char nowhere[8];

int64_t integer(const Napi::CallbackInfo& info, size_t index) {
  int64_t value = 0;
  if (napi_get_value_int64(info.Env(), info[index], &value) != napi_ok)
    throw Napi::TypeError::New(info.Env(), "mpi: expected a number");
  return value;
}

Communicator& communicatorOf(const Napi::CallbackInfo& info, size_t index) {
  Communicator* found = watch().find(static_cast<uint32_t>(integer(info, index)));
  if (found == nullptr) throw Napi::Error::New(info.Env(), "mpi: the communicator is freed");
  return *found;
}

/** A typed array's memory, or an address as a BigInt; null for null. The array must hold `bytes`. */
void* memoryOf(const Napi::CallbackInfo& info, size_t index, int64_t bytes) {
  const napi_env env = info.Env();
  const Napi::Value value = info[index];
  if (value.IsNull()) return nullptr;
  if (value.IsBigInt()) {
    bool lossless = false;
    auto* address = reinterpret_cast<void*>(value.As<Napi::BigInt>().Uint64Value(&lossless));
    return address ? address : nowhere;
  }
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok)
    throw Napi::TypeError::New(env, "mpi: expected a typed array");
  static constexpr int kBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  if (static_cast<int64_t>(length) * kBytes[type] < bytes)
    throw Napi::RangeError::New(env, "mpi: the array is shorter than the operation");
  return data ? data : nowhere;
}

/** The name that the MPI standard gives an error's class. */
std::string errorName(int code) {
  struct Named {
    int value;
    const char* name;
  };
  static const Named kNames[] = {
      {MPI_ERR_BUFFER, "MPI_ERR_BUFFER"}, {MPI_ERR_COUNT, "MPI_ERR_COUNT"},       {MPI_ERR_TYPE, "MPI_ERR_TYPE"},
      {MPI_ERR_TAG, "MPI_ERR_TAG"},       {MPI_ERR_COMM, "MPI_ERR_COMM"},         {MPI_ERR_RANK, "MPI_ERR_RANK"},
      {MPI_ERR_ROOT, "MPI_ERR_ROOT"},     {MPI_ERR_OP, "MPI_ERR_OP"},             {MPI_ERR_ARG, "MPI_ERR_ARG"},
      {MPI_ERR_INTERN, "MPI_ERR_INTERN"}, {MPI_ERR_TRUNCATE, "MPI_ERR_TRUNCATE"}, {MPI_ERR_PENDING, "MPI_ERR_PENDING"},
      {MPI_ERR_NO_MEM, "MPI_ERR_NO_MEM"}, {MPI_ERR_REQUEST, "MPI_ERR_REQUEST"},   {MPI_ERR_OTHER, "MPI_ERR_OTHER"},
  };
  int errorClass = code;
  MPI_Error_class(code, &errorClass);
  for (const Named& named : kNames)
    if (named.value == errorClass) return named.name;
  return "MPI error class " + std::to_string(errorClass);
}

int result(MPI_Status& status, int code, int elementType) {
  lastStatus = status;
  lastElementType = elementType;
  return code;
}

/** The counts of a ragged operation, and their sum. */
int64_t readCounts(const Napi::CallbackInfo& info, size_t index, std::vector<int>& counts) {
  if (info[index].IsNull()) return 0;
  const auto array = info[index].As<Napi::Int32Array>();
  counts.assign(array.Data(), array.Data() + array.ElementLength());
  int64_t sum = 0;
  for (const int count : counts) sum += count;
  return sum;
}

uint32_t hashCounts(const std::vector<int>& counts) {
  uint32_t hash = 2166136261U;  // FNV-1a
  for (const int count : counts) hash = (hash ^ static_cast<uint32_t>(count)) * 16777619U;
  return counts.empty() ? 0 : hash | 1U;
}

/** Elements of the input and the output of an operation of `count` elements on `size` ranks. */
std::pair<int64_t, int64_t> lengths(const Operation& operation, int64_t size, int64_t sum) {
  const int64_t count = operation.count;
  const int64_t whole = operation.countsHash != 0 ? sum : count * size;
  switch (operation.kind) {
    case kReduceScatter:
      return {whole, count};
    case kAllGather:
      return {count, whole};
    case kAllToAll:
      return {count * size, count * size};
    default:
      return {count, count};
  }
}

/**
 * run(kind, communicator, count, elementType, reduction, peer, tag, input, output, counts, blocking): an MPI error code if
 * blocking; otherwise the id of the request, from 1, or minus the error code.
 */
Napi::Value run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Operation operation;
  operation.kind = static_cast<int32_t>(integer(info, 0));
  Communicator& communicator = communicatorOf(info, 1);
  operation.count = integer(info, 2);
  operation.elementType = static_cast<int32_t>(integer(info, 3));
  operation.reduction = static_cast<int32_t>(integer(info, 4));
  operation.peer = static_cast<int32_t>(integer(info, 5));
  operation.tag = static_cast<int32_t>(integer(info, 6));
  Buffers buffers;
  const int64_t sum = readCounts(info, 9, buffers.counts);
  operation.countsHash = hashCounts(buffers.counts);
  const auto [inputLength, outputLength] = lengths(operation, communicator.size, sum);
  const int64_t bytes = elementBytes(operation.elementType);
  buffers.input = memoryOf(info, 7, inputLength * bytes);
  buffers.output = memoryOf(info, 8, outputLength * bytes);
  bool blocking = true;
  napi_get_value_bool(env, info[10], &blocking);

  watch().begin(communicator, operation);
  if (communicator.checks != MPI_COMM_NULL && operation.isCollective()) {
    mismatchText.clear();
    watch().enter(communicator, operation);
    const int code = exchange(communicator, operation, mismatchText);
    watch().leave();
    if (code != MPI_SUCCESS) return Napi::Number::New(env, blocking ? code : -code);
    if (!mismatchText.empty()) return Napi::Number::New(env, blocking ? kMismatch : kNoRequest);
  }
  if (blocking) {
    MPI_Status status{};
    watch().enter(communicator, operation);
    const int code = beginOperation(operation, buffers, communicator.comm, nullptr, &status);
    watch().leave();
    return Napi::Number::New(env, result(status, code, operation.elementType));
  }
  auto pending = std::make_unique<Pending>();
  pending->operation = operation;
  pending->communicator = &communicator;
  pending->buffers = std::move(buffers);
  const int code = beginOperation(operation, pending->buffers, communicator.comm, &pending->request, nullptr);
  if (code != MPI_SUCCESS) return Napi::Number::New(env, -code);
  return Napi::Number::New(env, watch().add(std::move(pending)));
}

Napi::Value test(const Napi::CallbackInfo& info) {
  const auto pending = watch().takeDone(static_cast<uint32_t>(integer(info, 0)));
  if (!pending) return info.Env().Null();
  return Napi::Number::New(info.Env(), result(pending->status, pending->result, pending->operation.elementType));
}

Napi::Value wait(const Napi::CallbackInfo& info) {
  const auto pending = watch().wait(static_cast<uint32_t>(integer(info, 0)));
  if (!pending) throw Napi::Error::New(info.Env(), "mpi: the request is done");
  return Napi::Number::New(info.Env(), result(pending->status, pending->result, pending->operation.elementType));
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
  if (code == kMismatch) return Napi::String::New(info.Env(), mismatchText);
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  const std::string name = errorName(code);
  const std::string said(text, static_cast<size_t>(length));
  // Open MPI begins with the name, MPICH does not and goes on with a stack.
  const std::string first = said.substr(0, said.find_first_of(",\n"));
  return Napi::String::New(info.Env(), first.compare(0, name.size(), name) == 0 ? first : name + ": " + first);
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
  if (dladdr(reinterpret_cast<void*>(&nowhere), &self) != 0) dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
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
  exports.Set("libraryVersion", Napi::Function::New<libraryVersion>(env));
  return exports;
}

}  // namespace
}  // namespace graticule

static Napi::Object initializeModule(Napi::Env env, Napi::Object exports) {
  return graticule::initialize(env, exports);
}

NODE_API_MODULE(graticule_mpi, initializeModule)
