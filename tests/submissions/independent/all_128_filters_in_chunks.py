# A layer with 128 filters, and images for all of them, in chunks of 32 that climb together; 8 x 16 panels.
# More than was asked for, and right.
#
# /// label
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 3, activation="relu", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1"),
        layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2"),
        layers.MaxPooling2D(padding="same"),
        layers.Conv2D(128, 3, activation="relu", padding="same", name="conv2d_3"),
        layers.Flatten(),
        layers.Dropout(0.4),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 128
chunk = 32
visualized_feature = []

encoder = keras.Model(model.inputs, model.get_layer(layer_name).output)


def rms_per_image(t):
    return tf.sqrt(tf.reduce_mean(tf.square(t), axis=[1, 2, 3], keepdims=True))


for first in range(0, number_of_filters, chunk):
    # column j of the mask belongs to filter first + j
    filters = np.arange(first, first + chunk)
    mask = tf.one_hot(filters, number_of_filters)
    pictures = tf.Variable(tf.random.uniform((chunk, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            means = tf.reduce_mean(encoder(pictures), axis=[1, 2])
            score = tf.reduce_sum(means * mask)
        g = tape.gradient(score, pictures)
        pictures.assign_add(step_size * g / (rms_per_image(g) + KTF.epsilon()))
    visualized_feature.extend(pictures.numpy())
    print("filters", first, "to", first + chunk - 1, "score", score.numpy() / chunk)

# %% plot
figure = plt.figure(figsize=(20, 11))
for i, img in enumerate(visualized_feature):
    a = figure.add_subplot(8, 16, i + 1)
    a.imshow(deprocess_image(np.array(img))[:, :, 0], cmap="gray")
    a.set_title("feature {}".format(i), fontsize=7)
    a.axis("off")
plt.show()
