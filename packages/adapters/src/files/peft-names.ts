import type { AdapterKind } from "../adapter.js";

/** What PEFT puts before the path of a module of the model. */
const PREFIX = "base_model.model.";

/** Parameters of a part, and PEFT's names of them behind the layer's path. */
export const partNames: Partial<Record<AdapterKind, readonly (readonly [own: string, peft: string])[]>> = {
  LORA: [
    ["lora_a", "lora_A.weight"],
    ["lora_b", "lora_B.weight"],
    ["lora_magnitude_vector", "lora_magnitude_vector"],
  ],
  IA3: [["ia3_l", "ia3_l"]],
};

export const peftName = (path: string, name: string): string => `${PREFIX}${path}.${name}`;

/** A parameter of the model itself: that of an adapted layer is inside of a layer around it. */
export function peftOwnedName(path: string, isOfTarget: boolean): string {
  const dot = path.lastIndexOf(".");
  return isOfTarget ? `${PREFIX}${path.slice(0, dot)}.base_layer${path.slice(dot)}` : `${PREFIX}${path}`;
}

export type PeftTensor =
  | { readonly path: string; readonly own: string; readonly owned?: undefined }
  | { readonly owned: string };

/** What a tensor of an adapter's file is: a part at a layer, or a parameter of the model. */
export function readPeftName(kind: AdapterKind, name: string): PeftTensor {
  const inside = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  for (const [own, peft] of partNames[kind] ?? [])
    if (inside.endsWith(`.${peft}`)) return { path: inside.slice(0, -peft.length - 1), own };
  return { owned: inside.replace(/\.(?:base_layer|modules_to_save(?:\.default)?|original_module)\./, ".") };
}
