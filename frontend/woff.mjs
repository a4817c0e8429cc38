/**
 * Unpacks a WOFF 1.0 font into the plain font file inside it.
 *
 * Layout as in the W3C Recommendation "WOFF File Format 1.0" (13 December 2012): a 44-byte header,
 * then one 20-byte entry for each table, whose data is deflated where that made it smaller.
 */
import { inflateSync } from "node:zlib";

const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const SFNT_HEADER = 12;
const SFNT_ENTRY = 16;

const padded = (length) => (length + 3) & ~3;

function readTable(woff, index) {
  const at = WOFF_HEADER + index * WOFF_ENTRY;
  const [offset, packed, length, checksum] = [4, 8, 12, 16].map((o) => woff.readUInt32BE(at + o));
  const stored = woff.subarray(offset, offset + packed);
  const data = packed < length ? inflateSync(stored) : stored;
  return { tag: woff.subarray(at, at + 4), checksum, data };
}

function writeHeader(sfnt, flavour, count) {
  const power = Math.floor(Math.log2(count));
  sfnt.writeUInt32BE(flavour, 0);
  sfnt.writeUInt16BE(count, 4);
  sfnt.writeUInt16BE(2 ** power * 16, 6);
  sfnt.writeUInt16BE(power, 8);
  sfnt.writeUInt16BE(count * 16 - 2 ** power * 16, 10);
}

/** @param {Buffer} woff the bytes of a .woff file @returns {Buffer} the bytes of the .ttf or .otf */
export function woffToSfnt(woff) {
  if (woff.toString("latin1", 0, 4) !== "wOFF") throw new Error("Not a WOFF 1.0 file");
  const count = woff.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, index) => readTable(woff, index));
  const start = SFNT_HEADER + count * SFNT_ENTRY;
  const size = tables.reduce((sum, table) => sum + padded(table.data.length), start);
  const sfnt = Buffer.alloc(size);
  writeHeader(sfnt, woff.readUInt32BE(4), count);
  let offset = start;
  tables.forEach(({ tag, checksum, data }, index) => {
    const at = SFNT_HEADER + index * SFNT_ENTRY;
    tag.copy(sfnt, at);
    sfnt.writeUInt32BE(checksum, at + 4);
    sfnt.writeUInt32BE(offset, at + 8);
    sfnt.writeUInt32BE(data.length, at + 12);
    data.copy(sfnt, offset);
    offset += padded(data.length);
  });
  return sfnt;
}
