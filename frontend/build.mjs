/**
 * Builds static/ from frontend/src and the pinned packages of package-lock.json.
 *
 * Usage: node build.mjs [target folder]   (default: ../static)
 *
 * The result depends on nothing but those inputs: no dates, no absolute paths, no source maps.
 * check_built.mjs builds again beside it and compares, so what is committed is what was built.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build as bundle } from "esbuild";
import { compile } from "sass";

import { woffToSfnt } from "./woff.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const fontFiles = join(modules, "@fontsource/source-sans-3/files");

/** The faces in use: regular, italic and bold on pages; semibold as well in PDFs and charts. */
const webFaces = ["400-normal", "400-italic", "700-normal"];
const pdfFaces = [...webFaces, "600-normal"];

/** Packages whose own words must travel with the built files (GOV.UK Frontend ships none). */
const licences = [
  ["GOV.UK Frontend (styles and scripts)", join(here, "src/licences/govuk-frontend.txt")],
  ["htmx", join(modules, "htmx.org/LICENSE")],
  ["Source Sans 3", join(modules, "@fontsource/source-sans-3/LICENSE")],
];

function buildStyles(target) {
  const { css } = compile(join(here, "src/app.scss"), {
    loadPaths: [modules],
    style: "compressed",
    sourceMap: false,
    quietDeps: true,
  });
  writeFileSync(join(target, "app.css"), css.trim() + "\n");
}

async function buildScript(target) {
  await bundle({
    entryPoints: [join(here, "src/app.js")],
    outfile: join(target, "app.js"),
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2020"],
    legalComments: "none",
    absWorkingDir: here,
    logLevel: "warning",
  });
}

/** Pages take woff2. Charts and PDFs want plain font files, which the package lacks: unpack them. */
function buildFonts(target) {
  const fonts = join(target, "fonts");
  mkdirSync(join(fonts, "ttf"), { recursive: true });
  for (const subset of ["latin", "latin-ext"]) {
    for (const face of webFaces) {
      const name = `source-sans-3-${subset}-${face}.woff2`;
      cpSync(join(fontFiles, name), join(fonts, name));
    }
    for (const face of pdfFaces) {
      const name = `source-sans-3-${subset}-${face}`;
      const unpacked = woffToSfnt(readFileSync(join(fontFiles, `${name}.woff`)));
      writeFileSync(join(fonts, "ttf", `${name}.ttf`), unpacked);
    }
  }
}

function buildLicences(target) {
  const texts = licences.map(([name, path]) => {
    const words = readFileSync(path, "utf8").replace(/\r\n/g, "\n").trim();
    return `${name}\n${"=".repeat(name.length)}\n\n${words}\n`;
  });
  writeFileSync(join(target, "licences.txt"), texts.join("\n\n"));
}

const target = resolve(process.argv[2] ?? join(here, "../static"));
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
buildStyles(target);
await buildScript(target);
buildFonts(target);
buildLicences(target);
cpSync(join(here, "src/images"), join(target, "images"), { recursive: true });
