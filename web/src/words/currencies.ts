// How many decimals a currency has (ISO 4217). A test compares this with the platform's own table.

export const ZERO_DECIMAL = new Set(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]);
export const THREE_DECIMAL = new Set(["BHD", "JOD", "KWD", "OMR", "TND"]);

export function decimals(currency: string): number {
  if (ZERO_DECIMAL.has(currency)) return 0;
  return THREE_DECIMAL.has(currency) ? 3 : 2;
}

/** What an amount that is charged is a multiple of, in the minor unit. */
export function chargeStep(currency: string): number {
  return THREE_DECIMAL.has(currency) ? 10 : 1;
}
