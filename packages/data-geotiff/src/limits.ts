/** Most values (pixels times bands) that one image or window may hold unless told otherwise: 2²⁸, 1 GiB as float32. */
export const DEFAULT_MAX_VALUES = 2 ** 28;
