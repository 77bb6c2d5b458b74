"""What customers write, in Portuguese: sentences put together, then written down as carelessly as people do.

All of it was written for this package. What a reader must cope with is in it: line ends of both kinds, quotation marks,
commas, accents or none, blanks at the end, capitals, a lone number.
"""

from __future__ import annotations

from olist.source.synthetic.draws import Draws
from olist.source.synthetic.names import plain

__all__ = ["MOODS", "messages", "titles"]

# One line for each mood (displeased, indifferent, pleased), sentences separated by bars.
_OPENINGS = (
    "não gostei|péssima experiência|ainda estou esperando|só recebi metade do que comprei|veio o modelo errado|"
    "até hoje nada|comprei duas unidades, chegou uma|que decepção|produto com defeito|chegou quebrado, infelizmente|"
    "a caixa estava vazia|o prazo venceu e ninguém responde|pedi azul e mandaram preto|não é o que a foto mostra",
    "mais ou menos|é razoável pelo preço|esperava um pouco mais|demorou, mas chegou|nem bom nem ruim|cumpre o básico|"
    "o produto é bom, a entrega não|veio diferente da foto, mas serve|atende por enquanto|achei pequeno|regular",
    "adorei|muito satisfeita com a compra|chegou antes do prazo|perfeito, igual à foto|superou o que eu esperava|"
    "ótima qualidade|entrega rápida e bem embalada|meu filho amou|já é a terceira vez que compro|tudo certo|"
    "veio direitinho|excelente custo e benefício|gostei bastante|amei, é lindo|funciona muito bem",
)
_DETAILS = (
    "já mandei três mensagens para a loja|o rastreio está parado há dez dias|a costura abriu no primeiro uso|"
    "faltou o parafuso, o manual e a tampa|quero meu dinheiro de volta|ligaram dizendo que não têm estoque|"
    "a transportadora diz que entregou, mas não recebi|o tecido é fino e desbota|não liga de jeito nenhum|"
    'no anúncio dizia "original" e é cópia|a nota fiscal veio em nome de outra pessoa|tive que buscar na agência',
    "a embalagem chegou amassada|a cor é um pouco mais clara|o manual só vem em inglês|faltou um acabamento melhor|"
    'o vendedor respondeu, mas só "vamos verificar"|a medida não bate com a descrição|por esse valor está bom|'
    "o frete saiu caro para a minha cidade|uma parte chegou hoje, a outra semana que vem",
    "o material é firme e bem acabado|ficou lindo na sala|a loja avisou cada etapa|comprei de presente e acertei|"
    "o tamanho serviu certinho|a instalação foi fácil, levei dez minutos|minha mãe pediu outro igual|o cheiro é ótimo|"
    'parece até mais caro do que é|veio com um bilhete escrito "obrigado"|a bateria dura o dia todo|vale cada centavo',
)
_CLOSINGS = (
    "não recomendo|nunca mais compro aqui|aguardo uma solução|vou reclamar no procon|péssimo atendimento|quero trocar|"
    "alguém pode me responder?|perdi a data do aniversário|uma vergonha",
    "talvez compre de novo|dou nota três|poderia melhorar|para o uso que eu faço, tudo bem|vamos ver quanto dura|"
    "recomendo com ressalvas",
    "recomendo|super recomendo|voltarei a comprar|nota dez|parabéns à loja|obrigada|podem comprar sem medo|"
    "loja de confiança|virei cliente",
)
_SHORT = (
    "ruim|péssimo|não chegou|não recebi|decepcionada|veio errado|1|horrível|incompleto",
    "ok|regular|bom|razoável|3|mais ou menos|normal|demorou",
    "bom|muito bom|ótimo|excelente|perfeito|adorei|10|nota 10|gostei|top|maravilhoso|recomendo|show",
)
MOODS = len(_SHORT)
"""Displeased, indifferent, pleased."""

LONGEST = 205
"""Characters that the survey takes."""

_LINE_ENDS = ("\r\n", "\r\n\r\n", "\n")


def messages(draws: Draws, pool: int) -> list[str]:
    """`pool` messages for each mood, some of them equal, displeased first; then one of nothing but blanks."""
    styles = draws.within("messages")
    bodies = [text for mood in range(MOODS) for text in _bodies(styles.within(str(mood)), mood, pool)]
    return [*_written(styles, bodies), "    "]


def titles(draws: Draws, pool: int) -> list[str]:
    """`pool` titles for each mood, displeased first."""
    styles = draws.within("titles")
    short = [_SHORT[mood].split("|") + _CLOSINGS[mood].split("|") for mood in range(MOODS)]
    picked = [styles.below(str(mood), pool, len(short[mood])) for mood in range(MOODS)]
    bodies = [short[mood][k] for mood in range(MOODS) for k in picked[mood]]
    return [body[:26] for body in _written(styles, bodies)]


def _bodies(draws: Draws, mood: int, pool: int) -> list[str]:
    """`pool` messages, still in lower case: a short one, or several sentences, some on lines of their own."""
    short, *parts = (
        part[mood].split("|") for part in (_SHORT, _OPENINGS, _DETAILS, _CLOSINGS, _DETAILS, _OPENINGS, _DETAILS)
    )
    length = draws.pick("length", pool, (15, 19, 25, 17, 11, 7, 6))
    joint = draws.pick("joint", pool, (44, 34, 8, 4, 2))
    small = draws.below("short", pool, len(short))
    chosen = [draws.below(str(k), pool, len(part)) for k, part in enumerate(parts)]
    bodies = []
    for k in range(pool):
        sentences = [part[choice[k]] for part, choice in zip(parts, chosen, strict=True)][: length[k]]
        joiner = (". ", ", ", *_LINE_ENDS)[joint[k]]
        bodies.append(joiner.join(dict.fromkeys(sentences))[:LONGEST].rstrip() if sentences else short[small[k]])
    return bodies


def _written(draws: Draws, bodies: list[str]) -> list[str]:
    """The texts as typed: some without accents or in capitals, some with a point or a blank at the end."""
    n = len(bodies)
    bare, loud = draws.chance("bare", n, 0.22), draws.chance("loud", n, 0.05)
    upper, point, blank = draws.chance("upper", n, 0.7), draws.chance("point", n, 0.4), draws.chance("blank", n, 0.19)
    texts = []
    for k, body in enumerate(bodies):
        text = plain(body) if bare[k] else body
        text = text.upper() if loud[k] else text[0].upper() + text[1:] if upper[k] else text
        texts.append(text + "." * int(point[k] and not text.endswith("?")) + " " * int(blank[k]))
    return texts
