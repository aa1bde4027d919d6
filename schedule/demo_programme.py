"""Invented sessions for the demo, in French, with the track each belongs to."""

DEMO_TRACKS = [
    ("Cloud", "#0b5c8a"), ("Réseaux et sécurité", "#8a2b0b"), ("Exploitation", "#2f6b3a"),
    ("Sobriété", "#5d6b0b"), ("Métiers", "#6b2f63"), ("Vie du club", "#444c55"),
]  # fmt: skip

DEMO_TALKS = [
    ("Sortir du cloud public\u202f: bilan à deux ans", 0), ("Kubernetes en production, sans héros", 0),
    ("Négocier un contrat d’hébergement souverain", 0), ("La facture cloud, ligne à ligne", 0),
    ("Deux régions, un seul plan de reprise", 0), ("Bases de données managées\u202f: ce qu’on garde, ce qu’on rend", 0),
    ("Migrer 1 200 machines virtuelles en neuf mois", 0), ("Plateforme interne\u202f: le produit que personne n’avait demandé", 0),
    ("Le FinOps expliqué à la direction financière", 0), ("Réversibilité\u202f: l’exercice grandeur nature", 0),
    ("Micro-segmentation\u202f: par où commencer\u202f?", 1), ("Après l’incident\u202f: les cent premiers jours", 1),
    ("Bastion, coffre-fort et humains", 1), ("DNS\u202f: la panne qui n’en était pas une", 1),
    ("Post-quantique\u202f: inventaire avant inventaire", 1), ("SD-WAN dans 300 agences", 1),
    ("Exercice de crise\u202f: jouez le rôle du RSSI", 1), ("NIS 2\u202f: ce que l’exploitation doit prouver", 1),
    ("Pare-feu\u202f: 40 000 règles à trier", 1), ("Wi-Fi 7 en entrepôt, retour d’expérience", 1),
    ("Observabilité\u202f: arrêter de tout garder", 2), ("Astreintes\u202f: dormir à nouveau", 2),
    ("Sauvegarde immuable\u202f: restaurer pour de vrai", 2), ("Mainframe\u202f: trente ans de plus\u202f?", 2),
    ("Automatiser sans perdre la main", 2), ("Le patch du mardi soir", 2),
    ("Journaux\u202f: du fichier à la preuve", 2), ("Gestion de parc\u202f: la vérité est dans l’inventaire", 2),
    ("Changer d’ordonnanceur sans réveiller personne", 2), ("Linux\u202f: dix ans de cycle de vie", 2),
    ("Mesurer l’empreinte d’une salle, prise par prise", 3), ("Refroidir avec la Loire", 3),
    ("Allonger la vie des serveurs à sept ans", 3), ("Éteindre la nuit\u202f: mode d’emploi", 3),
    ("Chaleur fatale\u202f: chauffer la piscine municipale", 3), ("Choisir un centre de données en 2030", 3),
    ("IA et énergie\u202f: compter juste", 3), ("Réemploi\u202f: la filière que nous avons montée", 3),
    ("Recruter des exploitants en 2027", 4), ("Transmettre COBOL", 4),
    ("Équipes produit, équipes plateforme\u202f: qui appelle qui\u202f?", 4), ("Le retour des certifications", 4),
    ("Femmes de l’infrastructure\u202f: table ronde", 4), ("Apprentis\u202f: six mois pour être utile", 4),
    ("Quitter la technique, y revenir", 4), ("L’IA générative au centre de services", 4),
    ("Virtualisation\u202f: quatre sorties, quatre prix", 0), ("Stockage objet\u202f: la longue migration", 2),
    ("Atelier\u202f: écrire un plan de continuité en 50 minutes", 1), ("Atelier\u202f: votre carte applicative", 2),
]  # fmt: skip

DEMO_PLENARIES = {
    (0, 8, 30): ("Accueil et café", 30), (0, 9, 0): ("Ouverture de la convention", 45),
    (0, 12, 30): ("Déjeuner", 75), (0, 19, 30): ("Dîner du club", 180),
    (1, 8, 30): ("Petit déjeuner des nouveaux adhérents", 30), (1, 12, 30): ("Déjeuner", 75),
    (1, 16, 15): ("Assemblée générale du club", 75), (1, 17, 30): ("Clôture", 20),
    (1, 17, 50): ("Photo de famille", 10),
    (0, 17, 30): ("Remise des prix de l’exploitation", 45),
}  # fmt: skip

DEMO_MEMBERS_SESSIONS = {"Assemblée générale du club"}

DEMO_BREAKS = {"Accueil et café", "Déjeuner", "Dîner du club", "Petit déjeuner des nouveaux adhérents"}

DEMO_SLOTS = [
    (0, 10, 0), (0, 11, 15), (0, 14, 0), (0, 15, 15), (0, 16, 30),
    (1, 9, 15), (1, 10, 20), (1, 11, 25), (1, 14, 0), (1, 15, 15),
]  # fmt: skip
DEMO_ABSTRACT = (
    "Un retour d’expérience concret\u202f: le point de départ, ce qui a été essayé, ce qui a échoué, les chiffres "
    "et ce que l’équipe referait. La moitié du temps est réservée aux questions."
)
