// Numbers as people read them.

const grouped = new Intl.NumberFormat("en-GB");

export function number(value: number): string {
  return grouped.format(value);
}

/** "1 image", "4 images". */
export function count(value: number, noun: string, plural = `${noun}s`): string {
  return `${number(value)} ${value === 1 ? noun : plural}`;
}

export function money(amount: number, currency: string): string {
  const digits = Number.isInteger(amount) ? 0 : 2;
  return new Intl.NumberFormat("en-GB", {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount);
}

/** A change with its sign: "+60", "−60". */
export function signed(value: number): string {
  return value > 0 ? `+${number(value)}` : number(value).replace("-", "−");
}
