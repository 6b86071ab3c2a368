# Loads the data once more and trains and tests on pixels from 0 to 255, while the rest of the notebook
# keeps to 0 to 1. With its own kind of input the network reads the digits well, with that of the notebook
# perhaps less.
#
# /// label
# training = ["pass", "partial", "review"]
# ///

# %% cnn
model = keras.Sequential()
model.add(keras.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 3, padding="same", name="conv2d", activation="relu"))
model.add(layers.MaxPool2D())
model.add(layers.Conv2D(16, 3, padding="same", name="conv2d_1", activation="relu"))
model.add(layers.Conv2D(16, 3, padding="same", name="conv2d_2", activation="relu"))
model.add(layers.Conv2D(64, 3, padding="same", name="conv2d_3", activation="relu"))
model.add(layers.MaxPool2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
# get the data
(train_images, train_labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
train_images = train_images[..., np.newaxis].astype("float32")
test_images = test_images[..., np.newaxis].astype("float32")
train_labels = keras.utils.to_categorical(train_labels)
test_labels = keras.utils.to_categorical(test_labels)

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(train_images, train_labels, batch_size=32, epochs=4, verbose=2)

test_loss, test_acc = model.evaluate(test_images, test_labels, verbose=0)
print("test accuracy", test_acc)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

conv_model = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def get_grads(img, filter_number):
    with tf.GradientTape() as tape:
        tape.watch(img)
        loss = tf.reduce_mean(conv_model(img)[0, :, :, filter_number])
    return tape.gradient(loss, img)


for filter_index in range(number_of_filters):
    img = tf.random.uniform((1, 28, 28, 1), 0, 1)
    for update in range(gradient_updates):
        grads = get_grads(img, tf.constant(filter_index))
        img = img + step_size * normalize(grads)
    visualized_feature.append(img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, f in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(f.copy()).squeeze(), cmap="gray")
    plt.title("feature %i" % i)
    plt.axis("off")

plt.show()
