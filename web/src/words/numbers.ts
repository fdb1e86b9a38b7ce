// Numbers as people read them.

import { decimals } from "./currencies";

const grouped = new Intl.NumberFormat("en-GB");

export function number(value: number): string {
  return grouped.format(value);
}

/** "1 image", "4 images". */
export function count(value: number, noun: string, plural = `${noun}s`): string {
  return `${number(value)} ${value === 1 ? noun : plural}`;
}

/** An amount in the currency's minor unit, as the API tells it: 2900 EUR is "€29", 1500 JPY is "¥1,500". */
export function money(minor: number, currency: string): string {
  const amount = minor / 10 ** decimals(currency);
  const digits = Number.isInteger(amount) ? 0 : decimals(currency);
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
