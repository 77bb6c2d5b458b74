"""Brazil's states and larger cities: what makes customers, sellers, freight and delivery differ from place to place.

Sources: postal code ranges are Correios' (https://buscacepinter.correios.com.br); counts, medians and centres were
measured on the real data set (Kaggle olistbr/brazilian-ecommerce) in November 2026. They are parameters of
distributions; no row of it is here.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CITIES", "STATES", "City", "State"]


@dataclass(frozen=True)
class State:
    """One federative unit.

    `ranges` are (first prefix, last prefix, prefixes in use). Centre and spread (standard deviation) are (latitude,
    longitude) in degrees. `customers`, `sellers`, `sold` (items by the seller's state), `local` (orders of customers
    here from sellers here) and `surveyed` (geolocation rows) are counts at scale 1. `freight` (cents), `transit` and
    `promise` (hours from carrier to customer, and from purchase to the promised day) are medians of what customers here
    bought in other states.
    """

    code: str
    ranges: tuple[tuple[int, int, int], ...]
    centre: tuple[float, float]
    spread: tuple[float, float]
    customers: int
    sellers: int
    sold: int
    local: int
    surveyed: int
    freight: int
    transit: int
    promise: int


@dataclass(frozen=True)
class City:
    """A city that is large in the real data: its centre in degrees, its zip prefixes and customers at scale 1."""

    state: str
    name: str
    centre: tuple[float, float]
    prefixes: int
    customers: int


def _state(line: str) -> State:
    code, ranges, lat, lng, lat_spread, lng_spread, *numbers = line.split()
    spans = (part.replace(":", "-").split("-") for part in ranges.split(","))
    return State(
        code,
        tuple((int(first), int(last), int(used)) for first, last, used in spans),
        (float(lat), float(lng)),
        (float(lat_spread), float(lng_spread)),
        *map(int, numbers),
    )


def _city(line: str) -> City:
    state, lat, lng, prefixes, customers, name = line.split(maxsplit=5)
    return City(state, name, (float(lat), float(lng)), int(prefixes), int(customers))


# code, ranges, centre, spread, customers, sellers, sold, local, surveyed, freight, transit, promise
_STATES = """
AC 69900-69999:46                                  -9.7 -68.5  1.1 2.01    81    1     1     0   1301 3574 363  966
AL 57000-57999:178                                 -9.6 -36.1 0.98 0.97   413    0     0     0   4183 3316 435  753
AM 69000-69299:54,69400-69899:90                   -3.3 -60.5 1.09  2.1   148    1     3     0   2432 2689 553 1089
AP 68900-68999:26                                   0.1 -51.2 1.49 0.43    68    0     0     0    853 2978 504 1131
BA 40000-48999:992                                -13.0 -39.6 1.63 1.69  3380   19   643    70  36045 2090 334  698
CE 60000-63999:548                                 -4.4 -39.0 1.19 0.81  1336   13    94     9  11674 2696 356  749
DF 70000-72799:413,73000-73699:103                -15.8 -48.0 0.12 0.42  2140   30   899    50  12986 1741 196  582
ES 29000-29999:315                                -20.1 -40.5 0.83 0.79  2033   23   372     7  16748 1804 239  601
GO 72800-72999:47,73700-76799:726                 -16.6 -49.3 1.09 1.12  2020   40   520    31  20139 1805 265  650
MA 65000-65999:313                                 -3.8 -44.8 1.52 1.25   747    1   405    14   7853 3419 381  728
MG 30000-39999:1868                               -19.9 -44.4 1.42 1.75 11635  244  8827  1557 126336 1780 183  583
MS 79000-79999:242                                -20.8 -54.5 1.24 1.29   715    5    50     0  10431 1813 266  622
MT 78000-78899:254                                -14.2 -55.7 2.13 1.93   907    4   145     6  12031 2221 318  750
PA 66000-68899:309                                 -2.6 -49.5  2.3 2.45   975    1     8     0  10853 2790 415  867
PB 58000-58999:324                                 -7.1 -35.8  0.7 1.23   536    6    38     1   5538 3429 339  780
PE 50000-56999:596                                 -8.2 -35.8 0.48 1.54  1652    9   448    23  16432 2704 311  748
PI 64000-64999:307                                 -5.8 -42.5 1.66 0.84   495    1    12     1   4549 3430 323  709
PR 80000-87999:1046                               -24.8 -50.9 1.09 1.74  5045  349  8671   729  57859 1776 186  587
RJ 20000-28999:1390                               -22.7 -43.2 0.52 0.64 12852  171  4818   990 121169 1767 218  605
RN 59000-59999:280                                 -5.9 -36.0 0.43 1.04   485    5    56    21   5041 3415 319  772
RO 76800-76999:108                                -10.3 -62.7 1.44 1.32   253    2    14     0   3478 3471 362  911
RR 69300-69399:28                                   2.7 -60.7 0.48 0.23    46    0     0     0    646 3181 542 1094
RS 90000-99999:1132                               -29.7 -52.0 1.04 1.54  5466  129  2199   294  61851 1800 245  679
SC 88000-89999:620                                -27.2 -49.6 0.69  1.4  3637  190  4075   264  38328 1794 240  608
SE 49000-49999:135                                -10.9 -37.2 0.26 0.26   350    2    10     0   3563 2994 341  709
SP 1000-5999:3060,6000-9999:1294,11000-19999:1995 -23.2 -47.1 0.85 1.14 41746 1849 80342 31409 404268 1702 164  578
TO 77000-77999:184                                 -9.5 -48.3 1.94 0.59   280    0     0     0   3576 2910 315  682
"""

# state, centre, prefixes, customers, name
_CITIES = """
AC  -9.97 -67.82   21    70 rio branco
AL  -9.64 -35.73   46   247 maceió
AM  -3.09 -60.01   73   140 manaus
AP   0.03 -51.07   11    54 macapá
BA -12.97 -38.47  275  1245 salvador
BA -12.25 -38.96   69   185 feira de santana
CE  -3.75 -38.53  172   654 fortaleza
DF -15.82 -47.94  510  2131 brasília
ES -20.29 -40.30   41   379 vitória
ES -20.35 -40.31   30   334 vila velha
ES -20.19 -40.26   22   285 serra
GO -16.69 -49.27  236   692 goiânia
GO -16.33 -48.95   61   113 anápolis
MA  -2.53 -44.25   64   353 são luís
MG -19.92 -43.95  205  2773 belo horizonte
MG -21.76 -43.35   43   427 juiz de fora
MG -19.93 -44.05   62   426 contagem
MG -18.92 -48.27   17   374 uberlândia
MG -16.73 -43.86   10   211 montes claros
MG -19.95 -44.17   53   203 betim
MS -20.46 -54.61   83   320 campo grande
MT -15.60 -56.08   48   248 cuiabá
PA  -1.44 -48.47   81   443 belém
PB  -7.12 -34.84   62   256 joão pessoa
PE  -8.06 -34.91  131   613 recife
PE  -8.16 -34.93   45   135 jaboatão dos guararapes
PI  -5.08 -42.79   74   281 teresina
PR -25.45 -49.27  168  1521 curitiba
PR -23.32 -51.17   54   306 londrina
PR -23.42 -51.93   30   271 maringá
RJ -22.91 -43.27  404  6882 rio de janeiro
RJ -22.90 -43.10   43   849 niterói
RJ -22.75 -43.46   82   442 nova iguaçu
RJ -22.83 -43.02   72   409 são gonçalo
RJ -22.73 -43.30   61   266 duque de caxias
RJ -22.50 -43.18   31   240 petrópolis
RJ -22.38 -41.79   36   239 macaé
RJ -21.76 -41.32   33   238 campos dos goytacazes
RJ -22.51 -44.09   37   232 volta redonda
RN  -5.82 -35.22   67   207 natal
RO  -8.76 -63.88   26   113 porto velho
RR   2.82 -60.70   17    45 boa vista
RS -30.04 -51.19  142  1379 porto alegre
RS -29.17 -51.18   45   224 caxias do sul
RS -29.92 -51.18   27   210 canoas
SC -27.59 -48.52   38   570 florianópolis
SC -26.29 -48.84   37   264 joinville
SE -10.94 -37.06   55   225 aracaju
SP -23.56 -46.65 3185 15540 são paulo
SP -22.90 -47.06   70  1444 campinas
SP -23.45 -46.52  139  1189 guarulhos
SP -23.71 -46.56  139   938 são bernardo do campo
SP -23.66 -46.52   60   796 santo andré
SP -23.54 -46.79   90   746 osasco
SP -23.96 -46.33   26   713 santos
SP -23.21 -45.89   38   691 são josé dos campos
SP -23.49 -47.47   55   633 sorocaba
SP -23.19 -46.89   18   565 jundiaí
SP -21.18 -47.80   46   510 ribeirão preto
SP -23.50 -46.87   54   433 barueri
SP -23.53 -46.19   50   383 mogi das cruzes
SP -22.73 -47.65   28   369 piracicaba
SP -20.81 -49.38   47   335 são josé do rio preto
SP -23.54 -46.84   46   328 carapicuíba
SP -23.67 -46.45   27   323 mauá
SP -24.02 -46.46   25   311 praia grande
SP -23.62 -46.78   27   296 taboão da serra
SP -23.69 -46.61   32   286 diadema
SP -23.09 -47.22   20   280 indaiatuba
SP -23.62 -46.57   17   277 são caetano do sul
SP -22.33 -49.07   42   273 bauru
SP -23.03 -45.56   31   270 taubaté
SP -23.61 -46.91   29   250 cotia
SP -22.01 -47.89   16   236 são carlos
SP -23.55 -46.31   37   234 suzano
SP -23.98 -46.27   32   226 guarujá
SP -22.74 -47.33   15   224 americana
TO -10.20 -48.33   22    91 palmas
"""

STATES = tuple(map(_state, _STATES.strip().splitlines()))
CITIES = tuple(map(_city, _CITIES.strip().splitlines()))
