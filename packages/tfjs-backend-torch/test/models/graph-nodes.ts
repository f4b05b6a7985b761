/** What a TensorFlow graph's JSON says of one node, as tfjs-converter reads it. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Record<string, object>;
}

export const int = (value: number) => ({ i: String(value) });
export const ints = (...values: number[]) => ({ list: { i: values.map(String) } });
export const float = (value: number) => ({ f: value });
export const flag = (value: boolean) => ({ b: value });
export const dtype = (name: "FLOAT" | "INT32" | "BOOL") => ({ type: `DT_${name}` });
export const shape = (...dims: number[]) => ({ shape: { dim: dims.map((size) => ({ size: String(size) })) } });
export const func = (name: string) => ({ func: { name } });

const encode = (value: string) => Buffer.from(value).toString("base64");
/** Strings are bytes in base64. */
export const text = (value: string) => ({ s: encode(value) });
export const texts = (...values: string[]) => ({ list: { s: values.map(encode) } });

export function node(name: string, op: string, input: readonly string[], attr: Record<string, object> = {}): GraphNode {
  return { name, op, input, attr: { T: dtype("FLOAT"), ...attr } };
}
