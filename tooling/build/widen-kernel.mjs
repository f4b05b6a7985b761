/**
 * The text of `widen-kernel`'s WebAssembly: stored numbers of 8 to 32 bits, of either byte order, as float32, four at a
 * time. Each type has functions of its own, as engines neither inline calls nor lift a branch out of a loop.
 *
 * A function's `cal` is 0 where numbers stay as they are; else each band has gain and offset there as f64, then the
 * missing number as f32, 24 bytes in all.
 */
export function widenKernelText() {
  return `(module
  (memory (export "memory") 1)
${CALIBRATE}
${Object.entries(LOADS).map(widenFunctions).join("\n")})`;
}

const swap16 = (v) => `(i8x16.swizzle ${v} (v128.const i8x16 1 0 3 2 5 4 7 6 9 8 11 10 13 12 15 14))`;
const swap32 = (v) => `(i8x16.swizzle ${v} (v128.const i8x16 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12))`;
const widen16 = (v, sign) => `(f32x4.convert_i32x4_${sign} (i32x4.extend_low_i16x8_${sign} ${v}))`;
const widen8 = (v, sign) => widen16(`(i16x8.extend_low_i8x16_${sign} ${v})`, sign);

/** Four numbers side by side at an address, by type; those of the other byte order are `swapped`. */
const LOADS = {
  Uint8: (at) => widen8(`(v128.load32_zero ${at})`, "u"),
  Int8: (at) => widen8(`(v128.load32_zero ${at})`, "s"),
  Uint16: (at) => widen16(`(v128.load64_zero ${at})`, "u"),
  Int16: (at) => widen16(`(v128.load64_zero ${at})`, "s"),
  Float32: (at) => `(v128.load ${at})`,
  SwappedUint16: (at) => widen16(swap16(`(v128.load64_zero ${at})`), "u"),
  SwappedInt16: (at) => widen16(swap16(`(v128.load64_zero ${at})`), "s"),
  SwappedFloat32: (at) => swap32(`(v128.load ${at})`),
};

/** Stores $v, calibrated where there is a calibration. */
const put = (to, cal) =>
  `(if ${cal} (then (call $calibrate ${to} (local.get $v) ${cal})) (else (v128.store ${to} (local.get $v))))`;

const CALIBRATE = `
  ;; Stores four values of one band, calibrated.
  (func $calibrate (param $to i32) (param $v v128) (param $cal i32)
    (local $gain v128) (local $offset v128)
    (local.set $gain (v128.load64_splat (local.get $cal)))
    (local.set $offset (v128.load64_splat offset=8 (local.get $cal)))
    (v128.store (local.get $to)
      (v128.bitselect
        (v128.const f32x4 nan nan nan nan)
        (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
          (f32x4.demote_f64x2_zero
            (f64x2.add (f64x2.mul (f64x2.promote_low_f32x4 (local.get $v)) (local.get $gain)) (local.get $offset)))
          (f32x4.demote_f64x2_zero
            (f64x2.add
              (f64x2.mul
                (f64x2.promote_low_f32x4
                  (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $v) (local.get $v)))
                (local.get $gain))
              (local.get $offset))))
        (f32x4.eq (local.get $v) (v128.load32_splat offset=16 (local.get $cal))))))`;

function widenFunctions([type, four]) {
  return `
  ;; Lines of $columns numbers side by side, at least four; the last four of a line may overlap those before.
  (func (export "lines${type}")
    (param $from i32) (param $fromStride i32) (param $to i32) (param $toStride i32) (param $lines i32)
    (param $columns i32) (param $size i32) (param $cal i32) (param $calStride i32)
    (local $column i32) (local $last i32) (local $v v128)
    (local.set $last (i32.sub (local.get $columns) (i32.const 4)))
    (loop $eachLine
      (local.set $column (i32.const 0))
      (loop $eachFour
        (local.set $v ${four("(i32.add (local.get $from) (i32.mul (local.get $column) (local.get $size)))")})
        ${put("(i32.add (local.get $to) (i32.shl (local.get $column) (i32.const 2)))", "(local.get $cal)")}
        (if (i32.lt_s (local.get $column) (local.get $last))
          (then
            (local.set $column (i32.add (local.get $column) (i32.const 4)))
            (if (i32.gt_s (local.get $column) (local.get $last))
              (then (local.set $column (local.get $last))))
            (br $eachFour))))
      (local.set $from (i32.add (local.get $from) (local.get $fromStride)))
      (local.set $to (i32.add (local.get $to) (local.get $toStride)))
      (local.set $cal (i32.add (local.get $cal) (local.get $calStride)))
      (local.set $lines (i32.sub (local.get $lines) (i32.const 1)))
      (br_if $eachLine (local.get $lines))))

  ;; One to four $lanes that lie side by side at each of $columns places, at least four: each lane becomes a line.
  (func (export "lanes${type}")
    (param $from i32) (param $fromStride i32) (param $to i32) (param $toStride i32) (param $lanes i32)
    (param $columns i32) (param $cal i32) (param $calStride i32)
    (local $column i32) (local $last i32) (local $at i32) (local $out i32) (local $entry i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $v v128) (local $ab v128) (local $cd v128)
    (local.set $last (i32.sub (local.get $columns) (i32.const 4)))
    (loop $eachFour
      (local.set $at (i32.add (local.get $from) (i32.mul (local.get $column) (local.get $fromStride))))
      (local.set $out (i32.add (local.get $to) (i32.shl (local.get $column) (i32.const 2))))
      (local.set $entry (local.get $cal))
      (local.set $a ${four("(local.get $at)")})
      (local.set $at (i32.add (local.get $at) (local.get $fromStride)))
      (local.set $b ${four("(local.get $at)")})
      (local.set $at (i32.add (local.get $at) (local.get $fromStride)))
      (local.set $c ${four("(local.get $at)")})
      (local.set $at (i32.add (local.get $at) (local.get $fromStride)))
      (local.set $d ${four("(local.get $at)")})
      (local.set $ab (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b)))
      (local.set $cd (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d)))
      (block $stored
        (local.set $v (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $ab) (local.get $cd)))
        ${put("(local.get $out)", "(local.get $entry)")}
        (br_if $stored (i32.lt_u (local.get $lanes) (i32.const 2)))
        (local.set $out (i32.add (local.get $out) (local.get $toStride)))
        (local.set $entry (i32.add (local.get $entry) (local.get $calStride)))
        (local.set $v (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $ab) (local.get $cd)))
        ${put("(local.get $out)", "(local.get $entry)")}
        (br_if $stored (i32.lt_u (local.get $lanes) (i32.const 3)))
        (local.set $ab (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b)))
        (local.set $cd (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d)))
        (local.set $out (i32.add (local.get $out) (local.get $toStride)))
        (local.set $entry (i32.add (local.get $entry) (local.get $calStride)))
        (local.set $v (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $ab) (local.get $cd)))
        ${put("(local.get $out)", "(local.get $entry)")}
        (br_if $stored (i32.lt_u (local.get $lanes) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (local.get $toStride)))
        (local.set $entry (i32.add (local.get $entry) (local.get $calStride)))
        (local.set $v (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $ab) (local.get $cd)))
        ${put("(local.get $out)", "(local.get $entry)")})
      (if (i32.lt_s (local.get $column) (local.get $last))
        (then
          (local.set $column (i32.add (local.get $column) (i32.const 4)))
          (if (i32.gt_s (local.get $column) (local.get $last))
            (then (local.set $column (local.get $last))))
          (br $eachFour)))))`;
}
