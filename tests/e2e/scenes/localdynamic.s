// Local dynamic in both dialects: what a compiler makes of a thread-local variable of the same library.
	.section .text.traditional, "ax"
	.globl traditional
traditional:
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	adrp	x0, :tlsldm:tls_seen
	add	x0, x0, :tlsldm_lo12_nc:tls_seen
	bl	__tls_get_addr
	add	x1, x0, :dtprel_hi12:tls_seen
	add	x1, x1, :dtprel_lo12_nc:tls_seen
	ldr	w0, [x1]
	add	w0, w0, #1
	str	w0, [x1]
	ldp	x29, x30, [sp], #16
	ret
	.section .text.descriptor, "ax"
	.globl descriptor
descriptor:
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	adrp	x0, :tlsdesc:_TLS_MODULE_BASE_
	ldr	x1, [x0, :tlsdesc_lo12:_TLS_MODULE_BASE_]
	add	x0, x0, :tlsdesc_lo12:_TLS_MODULE_BASE_
	.tlsdesccall _TLS_MODULE_BASE_
	blr	x1
	mrs	x1, tpidr_el0
	add	x1, x1, x0
	add	x1, x1, :dtprel_hi12:tls_seen
	add	x1, x1, :dtprel_lo12_nc:tls_seen
	ldr	w0, [x1]
	add	w0, w0, #1
	str	w0, [x1]
	ldp	x29, x30, [sp], #16
	ret
