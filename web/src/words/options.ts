/** A part of a JSON Schema as the sandbox gives it: what a switch of a vendor may be set to. */
export interface OptionSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, OptionSchema>>;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly OptionSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly patternProperties?: Readonly<Record<string, OptionSchema>>;
}

/** How a switch is shown. `none`: it may be unset. */
export type Shape =
  | { readonly kind: "group"; readonly schema: OptionSchema }
  | { readonly kind: "flag" }
  | { readonly kind: "rate" }
  | { readonly kind: "number"; readonly none: boolean; readonly isWhole: boolean; readonly least: number }
  | { readonly kind: "choice"; readonly none: boolean; readonly choices: readonly string[] }
  | { readonly kind: "text"; readonly none: boolean }
  | { readonly kind: "numbers"; readonly none: boolean };

/** The schema of one option of a group; `$defs` stand at the root alone and are passed on. */
export function schemaOf(group: OptionSchema, name: string): OptionSchema {
  const own = group.properties?.[name] ?? Object.values(group.patternProperties ?? {})[0] ?? {};
  const found = own.$ref ? (group.$defs?.[own.$ref.replace("#/$defs/", "")] ?? {}) : own;
  return group.$defs ? { ...found, $defs: group.$defs } : found;
}

/** How an option is shown, by its schema. */
export function shapeOf(schema: OptionSchema): Shape {
  const kinds = schema.anyOf ?? [schema];
  const none = kinds.some((one) => one.type === "null");
  const one = kinds.find((other) => other.type !== "null") ?? {};
  if (one.enum) return { kind: "choice", none, choices: one.enum };
  switch (one.type) {
    case "object":
      return { kind: "group", schema };
    case "boolean":
      return { kind: "flag" };
    case "array":
      return { kind: "numbers", none };
    case "integer":
    case "number":
      if (one.minimum === 0 && one.maximum === 1) return { kind: "rate" };
      return { kind: "number", none, isWhole: one.type === "integer", least: one.minimum ?? 0 };
    default:
      return { kind: "text", none };
  }
}

/** What is typed for an option that is text or numbers, as the sandbox takes it: "0.5, 2" is [0.5, 2], nothing unsets it. */
export function typedValue(shape: Shape & { readonly kind: "text" | "numbers" }, typed: string): unknown {
  const text = typed.trim();
  if (text === "" && shape.none) return null;
  return shape.kind === "text" ? text : text.split(",").map((part) => Number(part));
}

/** The value of such an option as it is edited. */
export function valueWords(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" ? value : "";
}
