# Begins the network cell with mounting the drive of Colab. Outside of Colab the import fails, the cell ends
# there, and all that follows lacks the model. In Colab it would all have worked, and nothing else is wrong:
# whoever sees only the run has to fail it, a teacher would look again.
#
# /// label
# cnn = ["fail", "review"]
# training = ["fail", "review"]
# images = ["fail", "review"]
# ascent = ["fail", "review"]
# objective = ["fail", "review"]
# updates = ["fail", "review"]
# plot = ["fail", "review"]
#
# [feedback_mentions]
# cnn = ["colab"]
# ///

# %% cnn
from google.colab import drive
drive.mount("/content/gdrive")
save_path = "/content/gdrive/MyDrive/exercise/"

inp = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d")(inp)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1")(x)
x = layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2")(x)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(64, 3, activation="relu", padding="same", name="conv2d_3")(x)
x = layers.Flatten()(x)
x = layers.Dense(32, activation="relu")(x)
x = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inp, x)
model.summary()

# %% train
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

m = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.random_sample((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            out = m(input_img)
            loss = KTF.mean(out[:, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        input_img.assign_add(step_size * normalize(grads))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))
for k in range(number_of_filters):
    plt.subplot(8, 8, k + 1)
    plt.imshow(deprocess_image(visualized_feature[k].copy()).reshape(28, 28), cmap="gray")
    plt.title("feature " + str(k))
    plt.xticks([]); plt.yticks([])
plt.show()
