/** The value below which this share of the values lies (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("there are no values to take a quantile of");
  return value;
}

export function median(values: readonly number[]): number {
  const half = quantile(values, 0.5);
  return values.length % 2 === 1 ? half : (half + quantile(values, 0.5 + 1 / values.length)) / 2;
}

export function p99(values: readonly number[]): number {
  return quantile(values, 0.99);
}
