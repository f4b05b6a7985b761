// Fourier transforms.
#include <ATen/ops/fft_fft.h>
#include <ATen/ops/fft_ifft.h>

#include "call.h"

KERNEL(FFT) { call.output(at::fft_fft(call.tensor())); }
KERNEL(IFFT) { call.output(at::fft_ifft(call.tensor())); }
