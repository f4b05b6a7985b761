#include "call.h"

#include <cmath>
#include <sstream>

namespace graticule {

std::vector<Kernel>& kernels() {
  static std::vector<Kernel> all;
  return all;
}

Settings& settings() {
  static Settings current;
  return current;
}

at::ScalarType dtypeOfCode(int64_t code) {
  static constexpr at::ScalarType dtypes[] = {at::kFloat,         at::kInt,      at::kBool,
                                              at::kComplexFloat, at::kBFloat16, at::kHalf};
  TORCH_CHECK(code >= 0 && code < 6, "unknown dtype code ", code);
  return dtypes[code];
}

int dtypeCode(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return 0;
    case at::kInt:
      return 1;
    case at::kBool:
      return 2;
    case at::kComplexFloat:
      return 3;
    case at::kBFloat16:
      return 4;
    case at::kHalf:
      return 5;
    default:
      return -1;
  }
}

double Call::number() {
  TORCH_CHECK(next_ < end_, "a kernel argument is missing");
  return *next_++;
}

int64_t Call::integer() {
  const double value = number();
  TORCH_CHECK(std::abs(value) <= 9007199254740992.0 && std::floor(value) == value, "expected a whole number, got ",
              value);
  return static_cast<int64_t>(value);
}

std::vector<int64_t> Call::integers() {
  const int64_t length = integer();
  TORCH_CHECK(length >= 0 && length <= end_ - next_, "a kernel argument list is cut short");
  std::vector<int64_t> values(static_cast<size_t>(length));
  for (auto& value : values) value = integer();
  return values;
}

std::vector<int64_t> Call::shape() {
  auto dims = integers();
  double elements = 1;
  for (const int64_t dim : dims) {
    TORCH_CHECK(dim >= 0, "a dimension of shape ", c10::IntArrayRef(dims), " is negative");
    elements *= static_cast<double>(dim);
  }
  TORCH_CHECK(elements <= 281474976710656.0, "shape ", c10::IntArrayRef(dims), " holds too many elements");
  return dims;
}

std::string Call::text() {
  std::string value;
  for (const int64_t code : integers()) {
    TORCH_CHECK(code >= 0 && code < 128, "expected text of ASCII characters, got character code ", code);
    value.push_back(static_cast<char>(code));
  }
  return value;
}

Tensor Call::view(const Tensor& value) {
  const int64_t rank = integer();
  TORCH_CHECK(rank >= 0 && rank <= 64 && rank <= end_ - next_, "a tensor of rank ", rank, " is not possible");
  const auto sizes = value.sizes();
  bool same = static_cast<int64_t>(sizes.size()) == rank;
  for (int64_t i = 0; same && i < rank; i++) same = static_cast<double>(sizes[i]) == next_[i];
  if (same) {
    next_ += rank;
    inputs_.push_back(value);
    return value;
  }
  next_--;
  const auto dims = shape();
  int64_t elements = 1;
  for (const int64_t dim : dims) elements *= dim;
  TORCH_CHECK(elements == value.numel(), "shape ", c10::IntArrayRef(dims), " does not fit a storage of ",
              value.numel(), " elements");
  Tensor viewed = value.view(dims);
  inputs_.push_back(viewed);
  return viewed;
}

Tensor Call::tensor() {
  Storage& storage = storages().at(number());
  // Kernels compute in float32 what is stored in fp16: LibTorch's for CPUs lack many operations on it.
  return view(storage.value.scalar_type() == at::kHalf ? storage.value.to(at::kFloat) : storage.value);
}

void Call::activation(Tensor value) {
  const bool isNarrow = settings().precision == Precision::kFloat16 && value.scalar_type() == at::kFloat;
  output(isNarrow ? value.to(at::kHalf) : std::move(value));
}

Tensor Call::optionalTensor() {
  TORCH_CHECK(next_ < end_, "a kernel argument is missing");
  if (*next_ == -1) {
    next_++;
    return Tensor();
  }
  return tensor();
}

std::vector<Tensor> Call::tensors() {
  const int64_t length = integer();
  TORCH_CHECK(length >= 0 && length <= end_ - next_, "a list of tensors is cut short");
  std::vector<Tensor> values;
  values.reserve(static_cast<size_t>(length));
  for (int64_t i = 0; i < length; i++) values.push_back(tensor());
  return values;
}

Tensor Call::cachedBfloat16() {
  Storage& storage = storages().at(number());
  if (storage.value.scalar_type() == at::kBFloat16) return view(storage.value);
  if (!storage.bfloat16.defined()) storage.bfloat16 = storage.value.to(at::kBFloat16);
  return view(storage.bfloat16);
}

Tensor Call::mutableTensor() {
  Storage& storage = storages().at(number());
  storage.prepareToWrite();
  return view(storage.value);
}

std::string Call::describeInputs() const {
  std::ostringstream text;
  for (size_t i = 0; i < inputs_.size(); i++) {
    if (i == 8) {
      text << ", …";
      break;
    }
    if (i > 0) text << ", ";
    text << inputs_[i].sizes() << " " << c10::toString(inputs_[i].scalar_type());
  }
  return text.str();
}

}  // namespace graticule
