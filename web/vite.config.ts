import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `DARKROOM_WEB` is where a running stack answers; `npm run dev` passes everything but the pages on to it.
const stack = process.env["DARKROOM_WEB"] ?? "http://127.0.0.1:8400";
const passed = Object.fromEntries(
  ["/api", "/media", "/docs", "/download"].map((path) => [path, { target: stack, changeOrigin: true }]),
);

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { ...passed, "/ws": { target: stack, ws: true, changeOrigin: true } } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
