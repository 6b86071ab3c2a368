# Takes a TPU if there is one, as notebooks from Kaggle do, else one device. The image is a variable of the
# strategy, and every step runs in it. Right.
#
# /// label
# [cells]
# insert = {hardware = "imports"}
# ///

# %% hardware
try:
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    strategy = tf.distribute.TPUStrategy(resolver)
except Exception as problem:
    print("no TPU:", type(problem).__name__)
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")

# %% cnn
with strategy.scope():
    image_in = layers.Input(shape=(28, 28, 1))
    y = layers.Conv2D(8, 3, padding="same", activation="leaky_relu", name="conv2d")(image_in)
    y = layers.Conv2D(12, 3, padding="same", activation="leaky_relu", name="conv2d_1")(y)
    y = layers.MaxPooling2D()(y)
    y = layers.Conv2D(18, 3, padding="same", activation="leaky_relu", name="conv2d_2")(y)
    y = layers.MaxPooling2D()(y)
    y = layers.Conv2D(21, 3, padding="same", activation="leaky_relu", name="conv2d_3")(y)
    y = layers.Dense(10, activation="softmax")(layers.Flatten()(y))
    model = keras.Model(image_in, y)

# %% train
EPOCHS, BATCH = 4, 32
with strategy.scope():
    model.compile(
        optimizer=keras.optimizers.Adam(1.5e-3), loss="categorical_crossentropy", metrics=["accuracy"]
    )
results = model.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 21
visualized_feature = []

with strategy.scope():
    sub_network = keras.Model(image_in, model.get_layer(layer_name).output)
    photo = tf.Variable(tf.random.uniform((1, 28, 28, 1)))


def one_step(n):
    with tf.GradientTape() as tape:
        score = tf.reduce_mean(sub_network(photo)[:, :, :, n])
    gradient = tape.gradient(score, photo)
    photo.assign_add(step_size * normalize(gradient))


for n in range(number_of_filters):
    if n > 0:
        photo.assign(tf.random.uniform(photo.shape))
    for _ in range(gradient_updates):
        strategy.run(one_step, args=(n,))
    visualized_feature.append(photo.numpy())

# %% plot
figure = plt.figure(figsize=(10, 5))
for n, photo_n in enumerate(visualized_feature):
    axis = figure.add_subplot(3, 7, n + 1, title=f"feature {n}", xticks=[], yticks=[])
    axis.imshow(deprocess_image(photo_n.copy()).squeeze(axis=(0, 3)), cmap="gray")
figure.tight_layout()
plt.show()
