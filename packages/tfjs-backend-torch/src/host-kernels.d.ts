import type { KernelConfig } from "@tensorflow/tfjs-core";

/** Kernels of tfjs's cpu backend; see scripts/make-host-kernels.mjs. */
export declare const raggedGatherConfig: KernelConfig;
export declare const raggedRangeConfig: KernelConfig;
export declare const raggedTensorToTensorConfig: KernelConfig;
export declare const sparseFillEmptyRowsConfig: KernelConfig;
export declare const sparseReshapeConfig: KernelConfig;
export declare const staticRegexReplaceConfig: KernelConfig;
export declare const stringNGramsConfig: KernelConfig;
export declare const stringSplitConfig: KernelConfig;
export declare const stringToHashBucketFastConfig: KernelConfig;
export declare const uniqueConfig: KernelConfig;
