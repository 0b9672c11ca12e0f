/* Code as text, for `schooner stages`: made from the shapes of opcodes.def alone. */
#include "base/buffer.h"
#include "schooner/compile/code.h"

static bool print_operands(const struct sch_code *code, uint32_t at, const struct instruction *in, struct buffer *out)
{
    const uint32_t *words = code->words + at;
    uint32_t word = words[0], extra = 1;
    unsigned field = 8;
    bool ok = true;
    for (const char *shape = opcode_shapes[in->op]; ok && *shape; shape++) {
        uint32_t byte = field < 32 ? word >> field & 0xff : 0, half = word_bc(word),
                 next = extra < in->length ? words[extra] : 0;
        switch (*shape) {
        case 'd':
        case 's': ok = buffer_append_format(out, " r%u", byte), field += 8; break;
        case 'i': ok = buffer_append_format(out, " %d", (int8_t)byte), field += 8; break;
        case 'u': ok = buffer_append_format(out, " %u", byte), field += 8; break;
        case 'I': ok = buffer_append_format(out, " %d", (int16_t)half); break;
        case 'X': ok = buffer_append_format(out, " #x%x", half); break;
        case 'K': ok = buffer_append_format(out, " k%u", half); break;
        case 'E': ok = buffer_append_format(out, " e%u", half); break;
        case 'P': ok = buffer_append_format(out, " p%u", half); break;
        case 'L':
        case 'M': ok = buffer_append_format(out, " r%u", half); break;
        case 'U': ok = buffer_append_format(out, " frame=%u", half); break;
        case 'N':
        case 'R': ok = buffer_append_format(out, " %u", word_abc(word)); break;
        case 'T': ok = buffer_append_format(out, " @%u", at + in->length + (uint32_t)((int32_t)word >> 8)); break;
        case 'J':
        case 'O':
            ok = buffer_append_format(out, " @%lld", (long long)in->target);
            extra += *shape == 'O';
            break;
        case 'W': ok = buffer_append_format(out, " %u", next), extra++; break;
        case 'k': ok = buffer_append_format(out, " k%u", next), extra++; break;
        case 't': ok = buffer_append_format(out, " @%u", at + in->length + next), extra++; break;
        case 'Q':
            ok = buffer_append_format(out, " #x%llx", (unsigned long long)words[extra + 1] << 32 | next);
            extra += 2;
            break;
        case 'c':
            ok = buffer_append_format(out, " base=r%u args=%u -> r%u", frame_base(next), frame_args(next),
                                      frame_result(next));
            extra++;
            break;
        case 'g':
        case 'a':
            ok = buffer_append_format(out, " base=r%u args=%u", frame_base(next), frame_args(next)), extra++;
            break;
        case 'r':
            ok = buffer_append_format(out, " base=r%u values=%u%s", frame_base(next), frame_args(next),
                                      frame_result(next) ? " rest" : "");
            extra++;
            break;
        case 'F':
            ok = buffer_append_format(out, " procedure=%u", next);
            for (uint32_t i = 0; ok && i < in->capture_count; i++)
                ok = buffer_append_format(out, in->captures[i] >= CAPTURE_ENV ? " e%u" : " r%u",
                                          in->captures[i] & (CAPTURE_ENV - 1));
            break;
        }
    }
    return ok;
}

static bool print_live(const struct sch_code *code, uint32_t at, struct buffer *out)
{
    const uint32_t *map = code_live_map(code, at);
    bool ok = true;
    if (!map || map[0] == 0)
        return true;
    ok = buffer_append_text(out, "  ; live");
    for (uint32_t i = 0; ok && i < map[0] * 32; i++)
        if (map[1 + i / 32] >> i % 32 & 1)
            ok = buffer_append_format(out, " r%u", i);
    return ok;
}

bool code_print(const struct sch_code *code, struct buffer *out)
{
    bool ok = true;
    for (uint32_t p = 0; ok && p < code->procedures.count; p++) {
        const struct code_procedure *procedure = &code_procedures(code)[p];
        struct instruction in;
        ok = buffer_append_format(out, "procedure %u %s: captures %u, frame %u\n", p,
                                  procedure->name.count ? code_text(code, procedure->name.offset) : "-",
                                  procedure->captured, procedure->frame);
        for (uint32_t at = procedure->entry; ok && at < procedure->end; at += in.length) {
            if (!code_decode(code->words, code->word_count, at, &in))
                return buffer_append_text(out, "  not an instruction\n");
            struct code_position position = code_position_at(code, at);
            ok = buffer_append_format(out, "%6u  %-12s", at, opcode_names[in.op]) &&
                 print_operands(code, at, &in, out) &&
                 print_live(code, opcode_flags[in.op] & OPCODE_CALL ? in.frame_at : at, out) &&
                 buffer_append_format(out, "  ; %u:%u\n", position.line, position.column);
        }
    }
    return ok;
}
