;; `widen`: bytes as float32, eight at a time. `scale`: (value − mean) / std in place, four at a time; NaN becomes 0.
;; `resampleColumns`:
;; Weighted sums along columns, written transposed: output[column, row] = Σ_tap weights[row, tap] · input[first[row] + tap, column].
;; Applied twice it resamples both dims. Eight columns at a time: input and output are padded to whole eights.
(module
  (memory (export "memory") 1)
  (func (export "widen") (param $from i32) (param $to i32) (param $count i32)
    (local $end i32) (local $eight v128)
    (local.set $end (i32.add (local.get $from) (local.get $count)))
    (loop $each
      (local.set $eight (v128.load8x8_u (local.get $from)))
      (v128.store (local.get $to) (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (local.get $eight))))
      (v128.store offset=16 (local.get $to) (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (local.get $eight))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (br_if $each (i32.lt_u (local.get $from) (local.get $end)))))
  (func (export "scale") (param $at i32) (param $count i32) (param $mean f32) (param $std f32)
    (local $end i32) (local $four v128) (local $means v128) (local $stds v128)
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $means (f32x4.splat (local.get $mean)))
    (local.set $stds (f32x4.splat (local.get $std)))
    (loop $each
      (local.set $four
        (f32x4.div (f32x4.sub (v128.load (local.get $at)) (local.get $means)) (local.get $stds)))
      (v128.store (local.get $at) (v128.and (local.get $four) (f32x4.eq (local.get $four) (local.get $four))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $each (i32.lt_u (local.get $at) (local.get $end)))))
  (func (export "resampleColumns")
    (param $input i32) (param $inputStride i32) (param $columns i32)
    (param $output i32) (param $outputStride i32) (param $rows i32)
    (param $first i32) (param $counts i32) (param $weights i32) (param $taps i32)
    (local $row i32) (local $column i32) (local $from i32) (local $weight i32) (local $end i32) (local $to i32)
    (local $w v128) (local $low v128) (local $high v128)
    (loop $eachRow
      (local.set $column (i32.const 0))
      (loop $eachEight
        (local.set $low (v128.const f32x4 0 0 0 0))
        (local.set $high (v128.const f32x4 0 0 0 0))
        (local.set $from
          (i32.add
            (i32.add (local.get $input) (i32.shl (local.get $column) (i32.const 2)))
            (i32.mul
              (i32.load (i32.add (local.get $first) (i32.shl (local.get $row) (i32.const 2))))
              (local.get $inputStride))))
        (local.set $weight
          (i32.add
            (local.get $weights)
            (i32.shl (i32.mul (local.get $row) (local.get $taps)) (i32.const 2))))
        (local.set $end
          (i32.add
            (local.get $weight)
            (i32.shl
              (i32.load (i32.add (local.get $counts) (i32.shl (local.get $row) (i32.const 2))))
              (i32.const 2))))
        (loop $eachTap
          (local.set $w (v128.load32_splat (local.get $weight)))
          (local.set $low
            (f32x4.add (local.get $low) (f32x4.mul (local.get $w) (v128.load (local.get $from)))))
          (local.set $high
            (f32x4.add (local.get $high) (f32x4.mul (local.get $w) (v128.load offset=16 (local.get $from)))))
          (local.set $from (i32.add (local.get $from) (local.get $inputStride)))
          (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
          (br_if $eachTap (i32.lt_u (local.get $weight) (local.get $end))))
        (local.set $to
          (i32.add
            (i32.add (local.get $output) (i32.mul (local.get $column) (local.get $outputStride)))
            (i32.shl (local.get $row) (i32.const 2))))
        (v128.store32_lane 0 (local.get $to) (local.get $low))
        (local.set $to (i32.add (local.get $to) (local.get $outputStride)))
        (v128.store32_lane 1 (local.get $to) (local.get $low))
        (local.set $to (i32.add (local.get $to) (local.get $outputStride)))
        (v128.store32_lane 2 (local.get $to) (local.get $low))
        (local.set $to (i32.add (local.get $to) (local.get $outputStride)))
        (v128.store32_lane 3 (local.get $to) (local.get $low))
        (local.set $to (i32.add (local.get $to) (local.get $outputStride)))
        (v128.store32_lane 0 (local.get $to) (local.get $high))
        (local.set $to (i32.add (local.get $to) (local.get $outputStride)))
        (v128.store32_lane 1 (local.get $to) (local.get $high))
        (local.set $to (i32.add (local.get $to) (local.get $outputStride)))
        (v128.store32_lane 2 (local.get $to) (local.get $high))
        (local.set $to (i32.add (local.get $to) (local.get $outputStride)))
        (v128.store32_lane 3 (local.get $to) (local.get $high))
        (local.set $column (i32.add (local.get $column) (i32.const 8)))
        (br_if $eachEight (i32.lt_u (local.get $column) (local.get $columns))))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br_if $eachRow (i32.lt_u (local.get $row) (local.get $rows))))))
