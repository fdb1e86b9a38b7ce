// Words to begin with: good examples, and those that this shop sent lately (kept in this browser, apart for each shop).

export const EXAMPLES = [
  "Clean white background, soft natural shadow, true colours",
  "On a light oak table by a window, morning light, shallow depth of field",
  "Remove the background clutter and straighten the product; keep its texture",
  "Warm studio light on a neutral grey backdrop, gentle reflection",
  "Same product, brighter and sharper, nothing else changed",
] as const;

const RECENT_MAX = 5;
const key = (instanceId: string) => `darkroom-prompts-${instanceId}`;

export function recentPrompts(instanceId: string): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key(instanceId)) ?? "[]");
    return Array.isArray(stored) ? stored.filter((one) => typeof one === "string").slice(0, RECENT_MAX) : [];
  } catch {
    return [];
  }
}

export function rememberPrompts(instanceId: string, prompts: readonly string[]): void {
  const all = [...new Set([...prompts, ...recentPrompts(instanceId)])].slice(0, RECENT_MAX);
  try {
    localStorage.setItem(key(instanceId), JSON.stringify(all));
  } catch {
    // Storage may be forbidden or full: then they are not remembered.
  }
}
