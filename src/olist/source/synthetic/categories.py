"""The product categories: their names in both languages, how much of each is sold, at what price and weight.

Source: measured on the real data set (Kaggle olistbr/brazilian-ecommerce) in November 2026; parameters of
distributions, no row of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from olist.source.synthetic.plan import Columns

__all__ = ["CATEGORIES", "Category", "category_translations"]


@dataclass(frozen=True)
class Category:
    """One category; that of the products without one has no `name`, and two names have no `english`.

    `products` and `items` are counts at scale 1, `prices` the 5, 25, 50, 75 and 95 % quantiles in BRL over items,
    `weight` the median in grams.
    """

    name: str | None
    english: str | None
    products: int
    items: int
    prices: tuple[int, ...]
    weight: int


def category_translations() -> Columns:
    """The table: the same at every scale."""
    translated = [c for c in CATEGORIES if c.name and c.english]
    return {
        "product_category_name": pa.array([c.name for c in translated]),
        "product_category_name_english": pa.array([c.english for c in translated]),
    }


def _category(line: str) -> Category:
    products, items, *prices, weight, name, english = line.split()
    return Category(
        name=name if name != "-" else None,
        english=english if english != "-" else None,
        products=int(products),
        items=int(items),
        prices=tuple(map(int, prices)),
        weight=int(weight),
    )


# products, items, prices, weight, name, English name; - stands for none
_CATEGORIES = """
3029 11115   22   48   79  115  205  1275 cama_mesa_banho bed_bath_table
2444  9670   18   40   80  130  415   400 beleza_saude health_beauty
2867  8641   20   44   78  130  290   700 esporte_lazer sports_leisure
2657  8334   18   40   65  100  250  1300 moveis_decoracao furniture_decor
1639  7827   20   40   82  149  277   300 informatica_acessorios computers_accessories
2335  6964   15   32   60  114  260  1205 utilidades_domesticas housewares
1329  5991   29   60  129  210  689   348 relogios_presentes watches_gifts
1134  4545   13   22   30   49  275   225 telefonia telephony
 753  4347   23   50   60  100  330  1650 ferramentas_jardim garden_tools
1900  4235   17   39   85  157  430   900 automotivo auto
1411  4117   25   48   80  130  330   800 brinquedos toys
 789  3796   26   70  130  199  561  1450 cool_stuff cool_stuff
 868  3419   14   50   85  150  340   400 perfumaria perfumery
 919  3065   20   49   78  135  390   700 bebes baby
 517  2767   12   15   22   55  200   200 eletronicos electronics
 849  2517   16   44   79  118  200  1000 papelaria stationery
 849  2031   20   34   49   78  230   200 fashion_bolsas_e_acessorios fashion_bags_accessories
 719  1947   20   47   90  120  270   875 pet_shop pet_shop
 309  1691   80  115  145  187  316 10975 moveis_escritorio office_furniture
 610  1603   14   35   70  123  280   400 - -
 317  1137   18   25   59  139  517   250 consoles_games consoles_games
 349  1092   37   60  100  149  292  1250 malas_acessorios luggage_accessories
 400   929   17   41   89  159  500  1200 construcao_ferramentas_construcao construction_tools_construction
 370   771   14   27   48  114  330   475 eletrodomesticos home_appliances
 289   680   28   55   95  300 1146   800 instrumentos_musicais musical_instruments
 231   679   18   50   99  299 1036  1150 eletroportateis small_appliances
 225   604   25   50   95  150  424   900 casa_construcao home_construction
 216   553   18   30   45  115  269   500 livros_interesse_geral books_general_interest
  82   510   19   28   49   80  150   330 alimentos food
 156   503   33   72  104  140  398  7500 moveis_sala furniture_living_room
 111   434   29   87   90  179  309  1825 casa_conforto home_confort
  81   379   11   28   47   58  170   333 bebidas drinks
  58   364   15   20   89  175  542   400 audio audio
 104   311   20   30   63  108  258   527 market_place market_place
  78   304   29   45  105  228  320  1050 construcao_ferramentas_iluminacao construction_tools_lights
 124   297   25   76  140  199  692  2950 climatizacao air_conditioning
94 281 36 55 110 209 450 6450 moveis_cozinha_area_de_servico_jantar_e_jardim kitchen_dining_laundry_garden_furniture
 104   278   12   22   39   54  202   900 alimentos_bebidas food_drink
  68   268   45   78  103  118  366  6100 industria_comercio_e_negocios industry_commerce_and_business
 123   267   19   30   57   88  212   850 livros_tecnicos books_technical
 116   264   11   31   64  158 1612   394 telefonia_fixa fixed_telephony
 173   262   30   36   77  100  200   850 fashion_calcados fashion_shoes
  90   238   29  159  226  560 2070  7500 eletrodomesticos_2 home_appliances_2
  88   238   16   29   49  127  410  1300 construcao_ferramentas_jardim costruction_tools_garden
  74   212   20   35  259  426  989  2650 agro_industria_e_comercio agro_industry_and_commerce
  55   209   27   50   98  100  140  1700 artes art
  30   203  599  650 1100 1340 1600  2800 pcs computers
  93   199    6   29   75  134  358   575 sinalizacao_e_seguranca signaling_and_security
  91   194   25   66  126  229  436   600 construcao_ferramentas_seguranca construction_tools_safety
  65   153    8   14   45   80  129   600 artigos_de_natal christmas_supplies
  95   132   25   41   60  122  197   600 fashion_roupa_masculina fashion_male_clothing
  53   131    4   50   60   80  179   200 fashion_underwear_e_moda_praia fashion_underwear_beach
  45   109   10  100  179  219  480 10700 moveis_quarto furniture_bedroom
  39   103   20   30   60  190  729   800 construcao_ferramentas_ferramentas costruction_tools_tools
   9    83   36   55   99   99  108   300 tablets_impressao_imagem tablets_printing_image
  31    76   27   96  587  795 1849  3800 portateis_casa_forno_e_cafe small_appliances_home_oven_and_coffee
  28    72   10   50   73  102  205   400 cine_foto cine_photo
  48    64   10   17   20   40  370   200 dvds_blu_ray dvds_blu_ray
  31    60   19   48   63   77  135   675 livros_importados books_imported
  27    48   21   30   49   65  137   475 fashion_roupa_feminina fashio_female_clothing
  26    43   17   22   68  135  258  1250 artigos_de_festas party_supplies
  12    39   25   25   37   41   67   600 fraldas_higiene diapers_and_hygiene
  10    38   45   75   85  110  272  1700 moveis_colchao_e_estofado furniture_mattress_and_upholstery
  27    38   10   25   55  220  394   550 musica music
  14    33   17   22   26   53   61   850 flores flowers
   5    30   13   13   13   13   87   700 casa_conforto_2 home_comfort_2
  19    30   25   40   60   70  195   200 fashion_esporte fashion_sport
  19    24   13   20   45  127  222   775 artes_e_artesanato arts_and_craftmanship
  10    15   17   21   35  310 1015  1200 portateis_cozinha_e_preparadores_de_alimentos -
   1    14   45   45   45   65   65   550 cds_dvds_musicais cds_dvds_musicals
  10    14   77  117  137  140  262  2450 la_cuisine la_cuisine
   3     9  130  130  130  219  231  2839 pc_gamer -
   5     8   40   40   70   95  110   210 fashion_roupa_infanto_juvenil fashion_childrens_clothes
   2     2  104  121  142  162  179   812 seguros_e_servicos security_and_services
"""

CATEGORIES = tuple(map(_category, _CATEGORIES.strip().splitlines()))
