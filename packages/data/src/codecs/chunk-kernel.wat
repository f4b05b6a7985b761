;; What is done to every value of a chunk. Places are bytes in memory. Loops write 16 bytes at a time, and so up to 63 bytes behind what
;; they were asked for, and read as far: the caller leaves that room.
(module
  (memory (export "memory") 1)

  ;; For each distance from 0 to 16 between a place and an earlier one: which of the 16 bytes from the earlier one on
  ;; come at the place if what lies between is repeated.
  (data (i32.const 0)
    "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"
    "\00\01\00\01\00\01\00\01\00\01\00\01\00\01\00\01"
    "\00\01\02\00\01\02\00\01\02\00\01\02\00\01\02\00"
    "\00\01\02\03\00\01\02\03\00\01\02\03\00\01\02\03"
    "\00\01\02\03\04\00\01\02\03\04\00\01\02\03\04\00"
    "\00\01\02\03\04\05\00\01\02\03\04\05\00\01\02\03"
    "\00\01\02\03\04\05\06\00\01\02\03\04\05\06\00\01"
    "\00\01\02\03\04\05\06\07\00\01\02\03\04\05\06\07"
    "\00\01\02\03\04\05\06\07\08\00\01\02\03\04\05\06"
    "\00\01\02\03\04\05\06\07\08\09\00\01\02\03\04\05"
    "\00\01\02\03\04\05\06\07\08\09\0a\00\01\02\03\04"
    "\00\01\02\03\04\05\06\07\08\09\0a\0b\00\01\02\03"
    "\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\00\01\02"
    "\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\00\01"
    "\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\00"
    "\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f")

  ;; Decodes an LZ4 block; 1 if it is sound and fills the target exactly, else 0. A sequence of few literals and a short
  ;; match is copied by two stores of 16 bytes, whatever its lengths and distance: a misguessed branch costs more.
  (func (export "decodeLz4")
    (param $at i32) (param $end i32) (param $first i32) (param $last i32) (result i32)
    (local $to i32) (local $token i32) (local $length i32) (local $more i32) (local $from i32) (local $stop i32)
    (local $distance i32) (local $step i32) (local $inner i32) (local $order v128) (local $run v128)
    (local.set $to (local.get $first))
    ;; Before this, a sequence of few literals isn't the last one.
    (local.set $inner (i32.sub (local.get $end) (i32.const 16)))
    (block $done
      (loop $sequence
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $token (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        ;; Literals.
        (local.set $length (i32.shr_u (local.get $token) (i32.const 4)))
        (if (i32.and
              (i32.and (i32.lt_u (local.get $length) (i32.const 15)) (i32.lt_u (local.get $at) (local.get $inner)))
              (i32.le_u (local.get $length) (i32.sub (local.get $last) (local.get $to))))
          (then
            (v128.store (local.get $to) (v128.load (local.get $at)))
            (local.set $at (i32.add (local.get $at) (local.get $length)))
            (local.set $to (i32.add (local.get $to) (local.get $length))))
          (else
            (if (i32.eq (local.get $length) (i32.const 15))
              (then
                (loop $longer
                  (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const 0))))
                  (local.set $more (i32.load8_u (local.get $at)))
                  (local.set $at (i32.add (local.get $at) (i32.const 1)))
                  (local.set $length (i32.add (local.get $length) (local.get $more)))
                  ;; Checked here, so that no sum of lengths overflows.
                  (if (i32.gt_u (local.get $length) (i32.sub (local.get $last) (local.get $to)))
                    (then (return (i32.const 0))))
                  (br_if $longer (i32.eq (local.get $more) (i32.const 255))))))
            (if (local.get $length)
              (then
                (if (i32.or
                      (i32.gt_u (local.get $length) (i32.sub (local.get $end) (local.get $at)))
                      (i32.gt_u (local.get $length) (i32.sub (local.get $last) (local.get $to))))
                  (then (return (i32.const 0))))
                (local.set $stop (i32.add (local.get $to) (local.get $length)))
                (local.set $from (local.get $at))
                (loop $copy
                  (v128.store (local.get $to) (v128.load (local.get $from)))
                  (local.set $from (i32.add (local.get $from) (i32.const 16)))
                  (local.set $to (i32.add (local.get $to) (i32.const 16)))
                  (br_if $copy (i32.lt_u (local.get $to) (local.get $stop))))
                (local.set $at (i32.add (local.get $at) (local.get $length)))
                (local.set $to (local.get $stop))))
            ;; The last sequence has no match.
            (br_if $done (i32.eq (local.get $at) (local.get $end)))
            (if (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 2)) (then (return (i32.const 0))))))
        ;; The match.
        (local.set $distance (i32.load16_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (local.set $length (i32.add (i32.and (local.get $token) (i32.const 15)) (i32.const 4)))
        ;; A distance of 0 is refused as well, being the largest number when 1 is taken away.
        (if (i32.ge_u (i32.sub (local.get $distance) (i32.const 1)) (i32.sub (local.get $to) (local.get $first)))
          (then (return (i32.const 0))))
        (local.set $from (i32.sub (local.get $to) (local.get $distance)))
        (local.set $order
          (v128.load
            (i32.shl
              (select (local.get $distance) (i32.const 16) (i32.lt_u (local.get $distance) (i32.const 16)))
              (i32.const 4))))
        (local.set $run (i8x16.swizzle (v128.load (local.get $from)) (local.get $order)))
        (if (i32.and
              (i32.le_u (local.get $length) (i32.const 16))
              (i32.le_u (local.get $length) (i32.sub (local.get $last) (local.get $to))))
          (then
            (v128.store (local.get $to) (local.get $run))
            (local.set $to (i32.add (local.get $to) (local.get $length)))
            (br $sequence)))
        (if (i32.eq (local.get $length) (i32.const 19))
          (then
            (loop $longer
              (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const 0))))
              (local.set $more (i32.load8_u (local.get $at)))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (local.set $length (i32.add (local.get $length) (local.get $more)))
              ;; Checked here, so that no sum of lengths overflows.
              (if (i32.gt_u (local.get $length) (i32.sub (local.get $last) (local.get $to)))
                (then (return (i32.const 0))))
              (br_if $longer (i32.eq (local.get $more) (i32.const 255))))))
        (if (i32.gt_u (local.get $length) (i32.sub (local.get $last) (local.get $to))) (then (return (i32.const 0))))
        (local.set $stop (i32.add (local.get $to) (local.get $length)))
        (if (i32.ge_u (local.get $distance) (i32.const 16))
          (then
            (loop $copy
              (v128.store (local.get $to) (v128.load (local.get $from)))
              (local.set $from (i32.add (local.get $from) (i32.const 16)))
              (local.set $to (i32.add (local.get $to) (i32.const 16)))
              (br_if $copy (i32.lt_u (local.get $to) (local.get $stop)))))
          (else
            ;; As many whole repetitions as 16 bytes hold.
            (local.set $step (i32.sub (i32.const 16) (i32.rem_u (i32.const 16) (local.get $distance))))
            (loop $repeat
              (v128.store (local.get $to) (local.get $run))
              (local.set $to (i32.add (local.get $to) (local.get $step)))
              (br_if $repeat (i32.lt_u (local.get $to) (local.get $stop))))))
        (local.set $to (local.get $stop))
        (br $sequence)))
    (i32.eq (local.get $to) (local.get $last)))

  ;; Joins the bytes of `elements` elements of 2 bytes, whose planes lie `stride` bytes apart.
  (func (export "joinPairs") (param $from i32) (param $stride i32) (param $elements i32) (param $to i32)
    (local $stop i32) (local $a v128) (local $b v128)
    (local.set $stop (i32.add (local.get $from) (local.get $elements)))
    (loop $next
      (local.set $a (v128.load (local.get $from)))
      (local.set $b (v128.load (i32.add (local.get $from) (local.get $stride))))
      (v128.store (local.get $to)
        (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a) (local.get $b)))
      (v128.store offset=16 (local.get $to)
        (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a) (local.get $b)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $stop)))))

  ;; The same of 4 bytes.
  (func (export "joinQuads") (param $from i32) (param $stride i32) (param $elements i32) (param $to i32)
    (local $stop i32) (local $plane i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $low v128) (local $high v128)
    (local.set $stop (i32.add (local.get $from) (local.get $elements)))
    (loop $next
      (local.set $a (v128.load (local.get $from)))
      (local.set $plane (i32.add (local.get $from) (local.get $stride)))
      (local.set $b (v128.load (local.get $plane)))
      (local.set $plane (i32.add (local.get $plane) (local.get $stride)))
      (local.set $c (v128.load (local.get $plane)))
      (local.set $plane (i32.add (local.get $plane) (local.get $stride)))
      (local.set $d (v128.load (local.get $plane)))
      (local.set $low (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $a) (local.get $b)))
      (local.set $high (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $c) (local.get $d)))
      (v128.store (local.get $to)
        (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $low) (local.get $high)))
      (v128.store offset=16 (local.get $to)
        (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $low) (local.get $high)))
      (local.set $low (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $a) (local.get $b)))
      (local.set $high (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $c) (local.get $d)))
      (v128.store offset=32 (local.get $to)
        (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $low) (local.get $high)))
      (v128.store offset=48 (local.get $to)
        (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $low) (local.get $high)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (local.set $to (i32.add (local.get $to) (i32.const 64)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $stop)))))

  ;; Whether a float32 of the bytes [at, end) equals one of two marks; it may also be one of up to three behind them.
  (func (export "holdsMark") (param $at i32) (param $end i32) (param $first f32) (param $second f32) (result i32)
    (local $wide i32) (local $a v128) (local $b v128)
    (local.set $a (f32x4.splat (local.get $first)))
    (local.set $b (f32x4.splat (local.get $second)))
    ;; 64 bytes at once while there are as many.
    (local.set $wide (i32.sub (local.get $end) (i32.and (i32.sub (local.get $end) (local.get $at)) (i32.const 63))))
    (block $narrow
      (loop $next
        (br_if $narrow (i32.ge_u (local.get $at) (local.get $wide)))
        (if (v128.any_true
              (v128.or
                (v128.or
                  (v128.or (f32x4.eq (v128.load (local.get $at)) (local.get $a)) (f32x4.eq (v128.load (local.get $at)) (local.get $b)))
                  (v128.or (f32x4.eq (v128.load offset=16 (local.get $at)) (local.get $a)) (f32x4.eq (v128.load offset=16 (local.get $at)) (local.get $b))))
                (v128.or
                  (v128.or (f32x4.eq (v128.load offset=32 (local.get $at)) (local.get $a)) (f32x4.eq (v128.load offset=32 (local.get $at)) (local.get $b)))
                  (v128.or (f32x4.eq (v128.load offset=48 (local.get $at)) (local.get $a)) (f32x4.eq (v128.load offset=48 (local.get $at)) (local.get $b))))))
          (then (return (i32.const 1))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if (v128.any_true
              (v128.or (f32x4.eq (v128.load (local.get $at)) (local.get $a)) (f32x4.eq (v128.load (local.get $at)) (local.get $b))))
          (then (return (i32.const 1))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (i32.const 0))

  ;; Integers of 2 bytes as float32(value * scale + offset), NaN for two marks and outside [least, most].
  (func (export "unpackShorts")
    (param $from i32) (param $end i32) (param $to i32) (param $unsigned i32)
    (param $scale f64) (param $offset f64)
    (param $first i32) (param $second i32) (param $least i32) (param $most i32)
    (local $values v128) (local $scales v128) (local $offsets v128)
    (local $a v128) (local $b v128) (local $low v128) (local $high v128)
    (local.set $scales (f64x2.splat (local.get $scale)))
    (local.set $offsets (f64x2.splat (local.get $offset)))
    (local.set $a (i32x4.splat (local.get $first)))
    (local.set $b (i32x4.splat (local.get $second)))
    (local.set $low (i32x4.splat (local.get $least)))
    (local.set $high (i32x4.splat (local.get $most)))
    (loop $next
      (local.set $values
        (if (result v128) (local.get $unsigned)
          (then (v128.load16x4_u (local.get $from)))
          (else (v128.load16x4_s (local.get $from)))))
      (v128.store (local.get $to)
        (v128.bitselect
          (v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000)
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
            (f32x4.demote_f64x2_zero
              (f64x2.add
                (f64x2.mul (f64x2.convert_low_i32x4_s (local.get $values)) (local.get $scales))
                (local.get $offsets)))
            (f32x4.demote_f64x2_zero
              (f64x2.add
                (f64x2.mul
                  (f64x2.convert_low_i32x4_s
                    (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15
                      (local.get $values) (local.get $values)))
                  (local.get $scales))
                (local.get $offsets))))
          (v128.or
            (v128.or
              (i32x4.eq (local.get $values) (local.get $a))
              (i32x4.eq (local.get $values) (local.get $b)))
            (v128.or
              (i32x4.lt_s (local.get $values) (local.get $low))
              (i32x4.gt_s (local.get $values) (local.get $high))))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $end))))))
