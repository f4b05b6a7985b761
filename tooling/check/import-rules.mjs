/** Which packages of the workspace each package's sources may import; apps may import any. Source: docs/architecture.md §3. */
export const allowedImports = {
  core: [],
  config: ["core"],
  autodiff: ["core"],
  ops: ["core", "autodiff"],
  nn: ["core", "autodiff", "ops"],
  optim: ["core", "nn", "ops"],
  adapters: ["core", "config", "autodiff", "nn", "ops"],
  models: ["core", "config", "autodiff", "nn", "ops"],
  data: ["core", "config"],
  "data-geotiff": ["core", "config", "data"],
  "data-era5": ["core", "config", "data"],
  "data-hyperspectral": ["core", "config", "data", "data-geotiff"],
  "addon-build": [],
  "tfjs-backend-torch": ["core"],
  mpi: ["core"],
  parallel: ["core", "mpi", "autodiff", "nn", "ops", "tfjs-backend-torch"],
  eval: ["core", "config", "ops"],
  plot: ["core", "config"],
  train: [
    "core",
    "config",
    "tfjs-backend-torch",
    "autodiff",
    "ops",
    "nn",
    "optim",
    "adapters",
    "models",
    "data",
    "data-geotiff",
    "data-era5",
    "data-hyperspectral",
    "eval",
    "plot",
  ],
};

/** Packages that may import `node:*`; every other one must run in a browser; apps may too. */
export const nodePackages = [
  "data",
  "data-geotiff",
  "data-era5",
  "data-hyperspectral",
  "addon-build",
  "tfjs-backend-torch",
  "mpi",
  "train",
  "eval",
  "plot",
];

/** Development tools of the root that a file may load because it runs from sources only, never from `dist/`. */
export const sourceOnlyImports = {
  "packages/data/src/worker-from-source.mjs": ["tsx"],
  "packages/train/src/checkpoint-thread-from-source.mjs": ["tsx"],
};
