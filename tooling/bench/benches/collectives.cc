// Times the MPI library's own collectives. Arguments: BYTES:LOOPS:CALLS for each size; rank 0 prints, as JSON, the
// microseconds of a call in the fastest loop, by operation and size.
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace {

double fastest(int loops, int calls, const std::function<void()>& call) {
  double best = 1e30;
  call();
  for (int loop = 0; loop < loops; loop++) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    for (int i = 0; i < calls; i++) call();
    double seconds = MPI_Wtime() - start;
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    best = std::min(best, seconds / calls);
  }
  return best * 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank;
  int ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  std::string names[] = {"all-reduce", "all-gather", "reduce-scatter"};
  std::string lines[3];
  for (int argument = 1; argument < argc; argument++) {
    int bytes = 0;
    int loops = 0;
    int calls = 0;
    if (std::sscanf(argv[argument], "%d:%d:%d", &bytes, &loops, &calls) != 3) MPI_Abort(MPI_COMM_WORLD, 1);
    const int count = bytes / 4;
    const int part = count / ranks;
    std::vector<float> whole(count, 0.F);
    std::vector<float> own(part, 0.F);
    const double times[] = {
        fastest(loops, calls,
                [&] { MPI_Allreduce(MPI_IN_PLACE, whole.data(), count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD); }),
        fastest(loops, calls,
                [&] { MPI_Allgather(own.data(), part, MPI_FLOAT, whole.data(), part, MPI_FLOAT, MPI_COMM_WORLD); }),
        fastest(loops, calls,
                [&] { MPI_Reduce_scatter_block(whole.data(), own.data(), part, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD); }),
    };
    for (int i = 0; i < 3; i++)
      lines[i] += (lines[i].empty() ? "" : ",") + ("\"" + std::to_string(bytes) + "\":" + std::to_string(times[i]));
  }
  if (rank == 0) {
    std::string text;
    for (int i = 0; i < 3; i++) text += (i ? "," : "") + ("\"" + names[i] + "\":{" + lines[i] + "}");
    std::printf("{%s}\n", text.c_str());
  }
  MPI_Finalize();
}
