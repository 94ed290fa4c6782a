import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["test/frameworks/on_vitest.ts"], pool: "forks" } });
