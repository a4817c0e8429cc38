/** Builds into a temporary folder and compares with the committed static/. Exit 1 names the differences. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const committed = join(here, "../static");

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
}

function differences(fresh) {
  const names = new Set([...filesUnder(committed), ...filesUnder(fresh)]);
  return [...names].sort().filter((name) => {
    try {
      return !readFileSync(join(committed, name)).equals(readFileSync(join(fresh, name)));
    } catch {
      return true; // in one folder only
    }
  });
}

const fresh = mkdtempSync(join(tmpdir(), "static-"));
try {
  execFileSync(process.execPath, [join(here, "build.mjs"), fresh], { stdio: "inherit" });
  const different = differences(fresh);
  if (different.length > 0) {
    console.error("static/ is not what frontend/ builds. Run: npm run build");
    different.forEach((name) => console.error(`  ${name}`));
    process.exitCode = 1;
  } else {
    console.log("static/ is what frontend/ builds");
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
