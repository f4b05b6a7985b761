;; Weighted sums along columns, written transposed: output[column, row] = Σ_tap weights[row, tap] · input[first[row] + tap, column].
;; Applied twice it resamples both dims. Eight columns at a time: input and output are padded to whole eights.
(module
  (memory (export "memory") 1)
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
