/** `Fields` without `undefined`: a field that may be undefined becomes one that may be absent. */
export type Defined<Fields> = {
  [K in keyof Fields as undefined extends Fields[K] ? never : K]: Fields[K];
} & {
  [K in keyof Fields as undefined extends Fields[K] ? K : never]?: Exclude<Fields[K], undefined>;
};

/** A copy of `fields` without those that are undefined. */
export function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Defined<Fields>;
}
