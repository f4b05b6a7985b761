// One kernel call. JavaScript writes the arguments into a shared array of doubles; a kernel reads them in order:
//   tensor: handle, rank, dims…   list: length, items…   number, flag: one double   text: length, char codes…
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "storage_table.h"

namespace graticule {

using at::Tensor;

class Call {
 public:
  Call(const double* arguments, size_t length) : next_(arguments), end_(arguments + length) {}

  /** The next tensor, in the shape that the caller gave it. */
  Tensor tensor();
  /** The next tensor, or an undefined one where the caller left it out. */
  Tensor optionalTensor();
  std::vector<Tensor> tensors();
  /** The next tensor in bf16; the copy of a float32 storage is kept until that storage changes. */
  Tensor cachedBfloat16();
  /** The next tensor, about to be changed in place. */
  Tensor mutableTensor();

  double number();
  int64_t integer();
  bool flag() { return number() != 0; }
  std::vector<int64_t> integers();
  /** A list of dims: none negative, and their product within what can be addressed. */
  std::vector<int64_t> shape();
  std::string text();

  void output(Tensor value) { outputs_.push_back(std::move(value)); }
  /** Gives an output that the policy of precision stores narrow: fp16 under that, as it is otherwise. */
  void activation(Tensor value);
  const std::vector<Tensor>& outputs() const { return outputs_; }
  Tensor takeOutput(size_t index) { return std::move(outputs_[index]); }
  /** Shapes and dtypes of the tensors read so far, for error messages. */
  std::string describeInputs() const;

 private:
  Tensor view(const Tensor& value);

  const double* next_;
  const double* end_;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> outputs_;
};

using KernelFunction = void (*)(Call&);

struct Kernel {
  const char* name;
  KernelFunction run;
};

std::vector<Kernel>& kernels();

struct KernelRegistration {
  KernelRegistration(const char* name, KernelFunction run) { kernels().push_back({name, run}); }
};

/** Defines and registers a kernel: `KERNEL(Abs) { call.output(at::abs(call.tensor())); }` */
#define KERNEL(Name)                                                                  \
  static void run##Name(::graticule::Call& call);                                     \
  static const ::graticule::KernelRegistration registration##Name(#Name, &run##Name); \
  static void run##Name(::graticule::Call& call)

enum class Precision { kFloat32, kBfloat16, kFloat16 };

struct Settings {
  std::atomic<Precision> precision{Precision::kFloat32};
  at::Device device = at::Device(at::kCPU);
};

/** One for the process: kernels ask in threads of their own, too. Worker threads of Node share it. */
Settings& settings();
inline bool inBfloat16() { return settings().precision == Precision::kBfloat16; }

/** 0 float32, 1 int32, 2 bool, 3 complex64; 4 and 5: float32 to tfjs, stored as bf16 and fp16. */
at::ScalarType dtypeOfCode(int64_t code);
int dtypeCode(at::ScalarType dtype);

}  // namespace graticule
