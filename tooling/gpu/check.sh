#!/usr/bin/env bash
# Checks the torch backend on a GPU machine that needs no Node, no npm and no network: Python with PyTorch, and g++.
#
#   npm run gpu:pack                      # where npm is: makes .graticule/gpu-pack, about 35 MB
#   tooling/gpu/check.sh                  # on the GPU machine, beside the copied .graticule/gpu-pack
#   path/to/gpu-pack/check.sh             # the same from the copied folder alone
#
# Options are those of check.ts: --device, --python, --models, --batches, --steps, --peak-tflops, --seconds,
# --log. What is going on goes to stderr; the last line of stdout is one JSON object.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pack=$here
[ -e "$pack/manifest.json" ] || pack=$(dirname "$(dirname "$here")")/.graticule/gpu-pack
if [ ! -e "$pack/manifest.json" ]; then
  echo "check.sh: expected $pack, got none. Make it with \`npm run gpu:pack\` where npm is, and copy it here." >&2
  exit 1
fi

# A Node of the machine's own may be of another version or lie behind a wrapper; the one in the pack is known to fit.
node=$pack/node
if [ ! -x "$node" ] || ! "$node" --version >/dev/null 2>&1; then
  gzip -dc "$pack/node.gz" >"$node.partial"
  chmod +x "$node.partial"
  mv "$node.partial" "$node"
fi
exec "$node" "$pack/backend/dist/check.mjs" "$@"
