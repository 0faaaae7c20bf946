// aarch64-linux-gnu-gcc -nostdlib -static -o hello hello.s && lprun ./hello
        .global _start
        .text
_start: mov     x0, #1                  // standard output
        adrp    x1, text
        add     x1, x1, :lo12:text
        mov     x2, #text_size
        mov     x8, #64                 // write
        svc     #0
        mov     x0, #0
        mov     x8, #93                 // exit
        svc     #0
        .section .rodata
text:   .ascii  "Hello, ARM64!\n"
        .equ    text_size, . - text
