# To bring the grey values to 0 ... 1, the deprocessed images are divided by 256, but with the integer
# division //: they are 0 everywhere, and all 32 panels of the plot are black. The images in the list are
# right.
#
# /// label
# plot = ["partial", "fail"]
#
# [feedback_mentions]
# plot = ["contrast"]
#
# [causes]
# plot = "blank_panels"
# ///

# %% cnn
from tensorflow.keras.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from tensorflow.keras.models import Sequential

model = Sequential()
model.add(Input(shape=(28, 28, 1)))
model.add(Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d"))
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_1"))
model.add(Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_2"))
model.add(Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_3"))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(10, activation="softmax"))

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

m = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.random_sample((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(m(input_img)[..., filter_index])
        input_img.assign_add(step_size * normalize(tape.gradient(loss, input_img)))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for i in range(32):
    picture = deprocess_image(visualized_feature[i].copy())[0, :, :, 0]
    picture = np.floor(picture / 256)  # imshow wants numbers between 0 and 1
    plt.subplot(4, 8, i + 1)
    plt.imshow(picture, cmap="gray", vmin=0, vmax=1)
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
