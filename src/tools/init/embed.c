/*
 * embed: writes a file as a C array, at build time: embed INPUT OUTPUT NAME gives NAME[] and NAME_size.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    FILE *in, *out;
    size_t count = 0;
    int byte;

    if (argc != 4) {
        fprintf(stderr, "usage: embed INPUT OUTPUT NAME\n");
        return 2;
    }
    in = fopen(argv[1], "rb");
    out = fopen(argv[2], "w");
    if (!in || !out) {
        perror("embed");
        return 1;
    }
    fprintf(out, "#include <stddef.h>\n\nextern const unsigned char %s[];\nextern const size_t %s_size;\n", argv[3],
            argv[3]);
    fprintf(out, "const unsigned char %s[] __attribute__((aligned(16))) = {", argv[3]);
    for (; (byte = getc(in)) != EOF; count++)
        fprintf(out, "%s0x%02x,", count % 16 == 0 ? "\n    " : " ", (unsigned)byte);
    fprintf(out, "\n};\nconst size_t %s_size = %zu;\n", argv[3], count);
    return ferror(in) || fclose(out) != 0 || count == 0;
}
