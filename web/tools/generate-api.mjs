// Writes src/api/*.gen.ts from the services' OpenAPI documents: `npm run generate`, with a stack running at DARKROOM_WEB.
import { writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const web = process.env.DARKROOM_WEB ?? "http://127.0.0.1:8400";
for (const service of ["jobs-api", "credits", "notifier", "predictor"]) {
  const ast = await openapiTS(new URL(`/docs/${service}/openapi.json`, web), { alphabetize: true }); // so that the order of routes changes nothing
  const head = `// Generated from the OpenAPI document of ${service} by \`npm run generate\`.\n`;
  await writeFile(new URL(`../src/api/${service}.gen.ts`, import.meta.url), head + astToString(ast));
}
