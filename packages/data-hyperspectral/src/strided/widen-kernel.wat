;; Stored numbers of 8 to 32 bits, of either byte order, as float32, four at a time, and calibrated where `cal` is not 0.
;; At `cal`, for each band: gain and offset as f64, then the missing number as f32, 24 bytes in all.
(module
  (memory (export "memory") 1)

  ;; Four numbers that lie side by side. Types: 0 uint8, 1 int8, 2 uint16, 3 int16, 4 float32; 5 to 7 are 2 to 4 swapped.
  (func $four (param $from i32) (param $type i32) (result v128)
    (local $v v128)
    (block $float32
      (block $int16
        (block $uint16
          (block $swappedFloat32
            (block $swappedInt16
              (block $swappedUint16
                (block $int8
                  (block $uint8
                    (br_table $uint8 $int8 $uint16 $int16 $float32 $swappedUint16 $swappedInt16 $swappedFloat32
                      (local.get $type)))
                  (return
                    (f32x4.convert_i32x4_u
                      (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $from)))))))
                (return
                  (f32x4.convert_i32x4_s
                    (i32x4.extend_low_i16x8_s (i16x8.extend_low_i8x16_s (v128.load32_zero (local.get $from)))))))
              (local.set $v (v128.load64_zero (local.get $from)))
              (return
                (f32x4.convert_i32x4_u
                  (i32x4.extend_low_i16x8_u
                    (i8x16.shuffle 1 0 3 2 5 4 7 6 9 8 11 10 13 12 15 14 (local.get $v) (local.get $v))))))
            (local.set $v (v128.load64_zero (local.get $from)))
            (return
              (f32x4.convert_i32x4_s
                (i32x4.extend_low_i16x8_s
                  (i8x16.shuffle 1 0 3 2 5 4 7 6 9 8 11 10 13 12 15 14 (local.get $v) (local.get $v))))))
          (local.set $v (v128.load (local.get $from)))
          (return (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get $v) (local.get $v))))
        (return (f32x4.convert_i32x4_u (v128.load16x4_u (local.get $from)))))
      (return (f32x4.convert_i32x4_s (v128.load16x4_s (local.get $from)))))
    (v128.load (local.get $from)))

  ;; Stores four values of one band.
  (func $put (param $to i32) (param $v v128) (param $cal i32)
    (local $gain v128) (local $offset v128)
    (if (i32.eqz (local.get $cal))
      (then (v128.store (local.get $to) (local.get $v)) (return)))
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
        (f32x4.eq (local.get $v) (v128.load32_splat offset=16 (local.get $cal))))))

  ;; Lines of `columns` numbers side by side, at least four; the last four of a line may overlap those before.
  (func (export "widenLines")
    (param $from i32) (param $fromStride i32) (param $to i32) (param $toStride i32) (param $lines i32)
    (param $columns i32) (param $size i32) (param $type i32) (param $cal i32) (param $calStride i32)
    (local $column i32) (local $last i32)
    (local.set $last (i32.sub (local.get $columns) (i32.const 4)))
    (loop $eachLine
      (local.set $column (i32.const 0))
      (loop $eachFour
        (call $put
          (i32.add (local.get $to) (i32.shl (local.get $column) (i32.const 2)))
          (call $four
            (i32.add (local.get $from) (i32.mul (local.get $column) (local.get $size)))
            (local.get $type))
          (local.get $cal))
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

  ;; One to four `lanes` that lie side by side at each of `columns` places, at least four: each lane becomes a line.
  (func (export "widenLanes")
    (param $from i32) (param $fromStride i32) (param $to i32) (param $toStride i32) (param $lanes i32)
    (param $columns i32) (param $type i32) (param $cal i32) (param $calStride i32)
    (local $column i32) (local $last i32) (local $at i32) (local $out i32) (local $entry i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $ab v128) (local $cd v128)
    (local.set $last (i32.sub (local.get $columns) (i32.const 4)))
    (loop $eachFour
      (local.set $at (i32.add (local.get $from) (i32.mul (local.get $column) (local.get $fromStride))))
      (local.set $out (i32.add (local.get $to) (i32.shl (local.get $column) (i32.const 2))))
      (local.set $entry (local.get $cal))
      (local.set $a (call $four (local.get $at) (local.get $type)))
      (local.set $at (i32.add (local.get $at) (local.get $fromStride)))
      (local.set $b (call $four (local.get $at) (local.get $type)))
      (local.set $at (i32.add (local.get $at) (local.get $fromStride)))
      (local.set $c (call $four (local.get $at) (local.get $type)))
      (local.set $at (i32.add (local.get $at) (local.get $fromStride)))
      (local.set $d (call $four (local.get $at) (local.get $type)))
      (local.set $ab (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b)))
      (local.set $cd (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d)))
      (block $stored
        (call $put (local.get $out)
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $ab) (local.get $cd))
          (local.get $entry))
        (br_if $stored (i32.lt_u (local.get $lanes) (i32.const 2)))
        (local.set $out (i32.add (local.get $out) (local.get $toStride)))
        (local.set $entry (i32.add (local.get $entry) (local.get $calStride)))
        (call $put (local.get $out)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $ab) (local.get $cd))
          (local.get $entry))
        (br_if $stored (i32.lt_u (local.get $lanes) (i32.const 3)))
        (local.set $ab (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b)))
        (local.set $cd (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d)))
        (local.set $out (i32.add (local.get $out) (local.get $toStride)))
        (local.set $entry (i32.add (local.get $entry) (local.get $calStride)))
        (call $put (local.get $out)
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $ab) (local.get $cd))
          (local.get $entry))
        (br_if $stored (i32.lt_u (local.get $lanes) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (local.get $toStride)))
        (local.set $entry (i32.add (local.get $entry) (local.get $calStride)))
        (call $put (local.get $out)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $ab) (local.get $cd))
          (local.get $entry)))
      (if (i32.lt_s (local.get $column) (local.get $last))
        (then
          (local.set $column (i32.add (local.get $column) (i32.const 4)))
          (if (i32.gt_s (local.get $column) (local.get $last))
            (then (local.set $column (local.get $last))))
          (br $eachFour))))))
