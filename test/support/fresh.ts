// Test files share a process, which loads the package, DuckDB and TypeScript once. Each file has its own modules of
// test/support, because these remember what belongs to one file: its folders, its datasets.
import { vi } from "vitest";

vi.resetModules();
