# Sixteen images climb at a time, in four chunks, because the student feared for the memory of the laptop.
# The loss of a chunk takes the diagonal of the (image, filter) table, shifted by where the chunk begins.
#
# /// label
# ///

# %% cnn
def conv(filters, name, size=3):
    return layers.Conv2D(filters, size, padding="same", activation="relu", name=name)


model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        conv(12, "conv2d", size=5),
        layers.MaxPooling2D(),
        conv(16, "conv2d_1"),
        conv(32, "conv2d_2"),
        conv(64, "conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=3, validation_split=0.1, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []
chunk_size = 16

layer_model = keras.Model(model.inputs, model.get_layer(layer_name).output)


def normalize_each_image(g):
    # normalize() of the notebook would take the mean over the whole chunk, so here is one per image
    length = tf.sqrt(tf.reduce_mean(tf.square(g), axis=[1, 2, 3], keepdims=True))
    return g / (length + KTF.epsilon())


for start in range(0, number_of_filters, chunk_size):
    stop = start + chunk_size
    input_imgs = tf.Variable(tf.random.uniform((chunk_size, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = layer_model(input_imgs)[..., start:stop]
            means = tf.reduce_mean(maps, axis=[1, 2])  # rows: images, columns: filters
            loss = tf.reduce_sum(tf.linalg.diag_part(means))
        grads = tape.gradient(loss, input_imgs)
        input_imgs.assign_add(step_size * normalize_each_image(grads))
    print(f"filters {start} to {stop - 1}: mean activation {float(loss) / chunk_size:.2f}")
    for img in input_imgs.numpy():
        visualized_feature.append(img.squeeze())  # (28, 28)

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, img in enumerate(visualized_feature):
    ax = figure.add_subplot(8, 8, i + 1)
    ax.imshow(deprocess_image(np.array(img)), cmap="gray")
    ax.set_title("feature %d" % i)
    ax.axis("off")

figure.tight_layout()
plt.show()
