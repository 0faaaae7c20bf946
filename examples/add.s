// aarch64-linux-gnu-gcc -nostdlib -static -o add add.s && lprun ./add; echo $?    (5; with lpmake -t add "add=word 0x1b017c00", a mul: 6)
        .global _start, add
        .type   add, %function
        .text
add:    add     w0, w0, w1
        ret
        .size   add, . - add
_start: mov     w0, #2
        mov     w1, #3
        bl      add
        mov     x8, #93                 // exit
        svc     #0
