/** Reads the columns of the Arrow stream as frames/wire.py packs them, a typed array at a time. */
import type { Column as ArrowColumn } from '@uwdata/flechette';

/** Texts that are made when they are asked for: all of them, or one. */
export interface LazyTexts {
  readonly all: () => readonly string[];
  readonly at: (code: number) => string;
}

/** Numbers, NaN where missing; or codes of texts, -1 where missing. */
export type Packed =
  | { readonly type: 'numbers'; readonly numbers: Float64Array; readonly missing: Uint8Array }
  | {
      readonly type: 'texts';
      readonly codes: Int32Array;
      readonly texts: readonly string[] | LazyTexts;
      readonly missing: Uint8Array;
    };

type Values = Float64Array | Float32Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Uint8Array;

/** The parts of a flechette batch that are read here. */
interface Batch {
  readonly length: number;
  readonly nullCount: number;
  readonly validity: Uint8Array;
  readonly values: Values;
  readonly offsets?: Int32Array;
  readonly dictionary?: ArrowColumn<unknown>;
}

/** A column of one batch; null when it is of another make, to be read value by value. `scale`: decimals of integers. */
export function packedColumn(source: ArrowColumn<unknown>, scale: number): Packed | null {
  if (source.data.length !== 1) return null;
  const batch = source.data[0] as unknown as Batch;
  const missing = missingOf(batch);
  if (batch.dictionary) {
    const codes = Int32Array.from(batch.values.subarray(0, batch.length) as Int32Array);
    for (let row = 0; row < codes.length; row++) if (missing[row]) codes[row] = -1;
    const distinct = Array.from(batch.dictionary.toArray() as ArrayLike<unknown>);
    if (distinct.some((value) => typeof value === 'number'))
      return decoded(codes, distinct as number[], missing);
    return { type: 'texts', codes, texts: distinct.map(String), missing };
  }
  if (batch.offsets) return plainTexts(batch, batch.offsets, missing);
  return isNumbers(batch.values)
    ? { type: 'numbers', numbers: scaled(batch, scale, missing), missing }
    : null;
}

/** Each row its own code. */
export function rowCodes(missing: Uint8Array): Int32Array {
  const codes = new Int32Array(missing.length);
  for (let row = 0; row < codes.length; row++) codes[row] = missing[row] ? -1 : row;
  return codes;
}

/** As Python's `repr` writes a float: the same digits as JavaScript, exponents from 1e16 and below 1e-4, two digits. */
export function writtenByPython(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = value.toExponential().split('e');
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

function missingOf({ length, nullCount, validity }: Batch): Uint8Array {
  const missing = new Uint8Array(length);
  if (nullCount === 0) return missing;
  for (let row = 0; row < length; row++) missing[row] = (validity[row >> 3] >> (row & 7)) & 1 ? 0 : 1;
  return missing;
}

function isNumbers(values: Values): boolean {
  return [Float64Array, Float32Array, Int8Array, Int16Array, Int32Array, BigInt64Array].some(
    (type) => values instanceof type,
  );
}

function scaled({ values, length }: Batch, scale: number, missing: Uint8Array): Float64Array {
  const numbers = new Float64Array(length);
  // Numbers are read in one native copy; epoch times come as 64-bit integers.
  if (values instanceof BigInt64Array)
    for (let row = 0; row < length; row++) numbers[row] = Number(values[row]);
  else numbers.set(values.subarray(0, length));
  const factor = 10 ** scale;
  if (scale > 0) for (let row = 0; row < length; row++) numbers[row] /= factor;
  for (let row = 0; row < length; row++) if (missing[row]) numbers[row] = Number.NaN;
  return numbers;
}

function decoded(codes: Int32Array, distinct: readonly number[], missing: Uint8Array): Packed {
  const numbers = new Float64Array(codes.length);
  for (let row = 0; row < codes.length; row++)
    numbers[row] = codes[row] < 0 ? Number.NaN : distinct[codes[row]];
  return { type: 'numbers', numbers, missing };
}

/** Texts one after another in one buffer: cut where they are asked for. */
function plainTexts({ values, length }: Batch, offsets: Int32Array, missing: Uint8Array): Packed {
  const bytes = values as Uint8Array;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const at = (row: number) => decoder.decode(bytes.subarray(offsets[row], offsets[row + 1]));
  const all = () => {
    const text = decoder.decode(bytes.subarray(0, offsets[length]));
    // Of one byte a character, as ids and most names are, the places of bytes are those of characters.
    const plain = text.length === offsets[length];
    return Array.from({ length }, (_, row) => (plain ? text.slice(offsets[row], offsets[row + 1]) : at(row)));
  };
  return { type: 'texts', codes: rowCodes(missing), texts: { all, at }, missing };
}
