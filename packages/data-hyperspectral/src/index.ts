/** Hyperspectral cubes for training. */
export {};
